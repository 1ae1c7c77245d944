"""Experts come and go on the real engine, under load: nobody is ever answered by the wrong weights."""

import os
import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from openai import NotFoundError
from typer.testing import CliRunner

from molora.server.experts_cli import app as command
from tests.adapters.archives import HOSTILE
from tests.adapters.faulty import DEMO, FAULTS, make_good, rename, tensors
from tests.conftest import DEMO as DEPLOYMENT
from tests.server.administration import KEY, PATH, form
from tests.server.deployment import CONFIGURED, LONG, Server, Still, serve, write_deployment
from tests.server.exploring import explore

pytestmark = pytest.mark.engine

ROUNDS = int(os.environ.get("MOLORA_ROUNDS", "60"))
"""Of experts that come, change and go under traffic; a thousand were run by hand."""
NAMES = ("door", "window", "roof")
NUM_STREAMS = 4


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve(
        write_deployment(tmp_path_factory.mktemp("experts"), store={"folder": "store", "imports": str(DEMO)})
    ) as running:
        yield running


@pytest.fixture
def server(shared: Server) -> Iterator[Server]:
    """As it was at its start, before each test and after it."""
    yield shared
    if added := [name for name in shared.cards() if name not in CONFIGURED]:
        for name in added:
            shared.remove(name)
        shared.settle(len(CONFIGURED))


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return make_good(tmp_path / "good")


def test_an_expert_answers_with_its_own_weights_and_is_routed_to(server: Server, secrets: dict[str, Path]) -> None:
    examples = ["Is there a tumour in the left lung?", "What does the MRI show?", "Is the liver enlarged?"]
    examples += ["Where is the fracture?", "Is this a chest X-ray?", "What organ is abnormal?"]
    fields = {"description": "Radiology images: X-ray, CT, MRI.", "examples": examples}
    card = server.add("medical", secrets["blue"], **fields).json()
    assert (card["state"], card["verified"], card["routed_by"]) == ("ready", "reference", "examples")
    assert server.ask("medical") == "blue"
    messages: Any = [{"role": "user", "content": "Does the CT show a lesion in the liver?"}]
    routed = server.openai.chat.completions.create(model="auto", messages=messages, max_tokens=1, temperature=0)
    assert routed.model == "medical"
    assert (routed.choices[0].message.content or "").strip() == "blue"
    assert server.remove("medical").status_code == 200
    server.settle(len(CONFIGURED))
    routed = server.openai.chat.completions.create(model="auto", messages=messages, max_tokens=1, temperature=0)
    assert routed.model == "base"  # a question like none that the others are for
    with pytest.raises(NotFoundError):
        server.ask("medical")


@pytest.fixture(scope="module")
def before(shared: Server) -> Still:
    shared.settle(len(CONFIGURED))
    return shared.look()


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_adapter_changes_nothing(server: Server, before: Still, good: Path, fault: str) -> None:
    FAULTS[fault].edit(good)
    response = server.add("faulty", good)
    assert response.status_code == 400, response.text
    assert FAULTS[fault].phrase in response.json()["error"]["message"]
    assert server.look() == before


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_archive_changes_nothing(server: Server, before: Still, hostile: str) -> None:
    packed = HOSTILE[hostile][0]()
    response = server.http.post(PATH, **form("hostile", [("archive", ("adapter.zip", packed))]))
    assert 400 <= response.status_code < 500, response.text
    assert server.look() == before


def test_weights_that_the_engine_would_leave_out_are_refused(server: Server, before: Still, good: Path) -> None:
    """vLLM binds this spelling to no layer, and says nothing."""
    tensors(lambda found: rename(found, "model.model.language_model.", "model."))(good)
    response = server.add("unbound", good)
    assert (response.status_code, response.json()["error"]["code"]) == (400, "adapter_refused")
    assert server.look() == before


def test_defaults_that_no_request_could_have_are_refused(server: Server, before: Still, good: Path) -> None:
    for fields in ({"defaults": '{"temperature": -1}'}, {"response_schema": '{"type": 3}'}):
        assert server.add("odd", good, **fields).status_code == 400
    assert server.look() == before


def replace_amid_streams(server: Server, secrets: dict[str, Path], word: str, whole: dict[str, str]) -> int:
    """How many streams were under way when the weights behind "door" became those of `word`.

    A busy machine may let clients begin, or the administrator come, only when all is over: then there were none.
    """
    (old,) = set(whole) - {word}
    with ThreadPoolExecutor(NUM_STREAMS) as threads:
        streams = [threads.submit(server.stream, "door", **LONG) for _ in range(NUM_STREAMS)]
        while not server.cards()["door"]["requests_in_flight"] and not all(one.done() for one in streams):
            time.sleep(0.01)
        replaced = server.add("door", secrets[word], replace="true").json()
        assert server.ask("door") == word
        said = [one.result() for one in streams]
    num_draining: int = sum(one["requests_in_flight"] for one in replaced["draining"])
    assert set(said) <= set(whole.values())
    assert said.count(whole[old]) >= num_draining
    server.settle(len(CONFIGURED) + 1)
    assert server.cards()["door"]["draining"] == []
    return num_draining


def test_streams_end_on_the_weights_they_began_with(server: Server, secrets: dict[str, Path]) -> None:
    whole = {}
    for word in ("red", "blue"):
        assert server.add("door", secrets[word], replace="true").is_success
        whole[word] = server.ask("door", **LONG)
    assert any(replace_amid_streams(server, secrets, word, whole) for word in ("red", "blue") * 4)


@dataclass
class Door:
    """What a name stood for, and since when; None is nothing."""

    past: list[tuple[float, str | None]] = field(default_factory=lambda: [(0.0, None)])
    coming: str | None = None
    """What it will stand for when the change under way is done: already, for some."""

    def change(self, word: str | None) -> None:
        self.past.append((time.monotonic(), word))

    def between(self, start: float, end: float) -> set[str | None]:
        past = list(self.past)
        ends = [since for since, _ in past[1:]] + [end]
        stood = {word for (since, word), until in zip(past, ends, strict=True) if since <= end and until >= start}
        return stood | {self.coming}


@dataclass
class Traffic:
    """Asks experts that change under it, and keeps what was answered wrongly."""

    server: Server
    doors: dict[str, Door] = field(default_factory=lambda: {name: Door() for name in NAMES})
    over: threading.Event = field(default_factory=threading.Event)
    wrong: list[Any] = field(default_factory=list)
    num_right: int = 0

    def run(self, seed: int) -> None:
        draw = random.Random(seed)
        while not self.over.is_set():
            name = draw.choice(NAMES)
            start = time.monotonic()
            try:
                said: str | None = self.server.ask(name)
            except NotFoundError:
                said = None
            except Exception as error:  # noqa: BLE001  # whatever it is, it is wrong
                said = repr(error)
            if said in (allowed := self.doors[name].between(start, time.monotonic())):
                self.num_right += said is not None
            else:
                self.wrong.append((name, said, allowed))


def change(server: Server, traffic: Traffic, draw: random.Random, secrets: dict[str, Path]) -> None:
    """One expert comes, changes or goes. While it is done, both what was and what will be is right."""
    name = draw.choice(NAMES)
    door = traffic.doors[name]
    now = door.past[-1][1]
    word = draw.choice([other for other in (*secrets, None) if other != now])
    door.coming = word
    response = server.remove(name) if word is None else server.add(name, secrets[word], replace="true")
    assert response.is_success, response.text
    door.change(word)


def test_rounds_of_change_under_traffic_answer_nobody_wrongly_and_leave_nothing(
    server: Server, secrets: dict[str, Path]
) -> None:
    server.settle(len(CONFIGURED))
    traffic, draw = Traffic(server), random.Random(7)
    golden = [server.ask(model, max_tokens=8) for model in ("base", *CONFIGURED)]

    def work(rounds: int) -> None:
        for _ in range(rounds):
            change(server, traffic, draw, secrets)

    with ThreadPoolExecutor(8) as threads:
        asking = [threads.submit(traffic.run, seed) for seed in range(8)]
        try:
            work(20)
            warm = server.use()
            work(ROUNDS)
            end = server.use()
        finally:
            traffic.over.set()
    for one in asking:
        one.result()
    assert not traffic.wrong, traffic.wrong[:5]
    assert traffic.num_right > ROUNDS
    for name in NAMES:
        server.remove(name)
    server.settle(len(CONFIGURED))
    assert [server.ask(model, max_tokens=8) for model in ("base", *CONFIGURED)] == golden
    assert end.num_files <= warm.num_files + 8
    assert end.num_bytes <= warm.num_bytes * 1.1


def test_experts_come_and_go_as_the_document_says(server: Server, tmp_path: Path) -> None:
    explore(
        server.process.url, tmp_path, "--include-path-regex", f"^{PATH}", "--phases", "stateful", "--max-examples", "10"
    )


def test_the_command_line_administers(server: Server, secrets: dict[str, Path]) -> None:
    def run(*arguments: str) -> str:
        done = CliRunner().invoke(command, [*arguments, "--url", server.process.url, "--key", KEY])
        assert done.exit_code == 0, done.output
        return done.stdout

    assert '"state": "ready"' in run(
        "add", "door", str(secrets["red"]), "--description", "Doors.", "--example", "Open?"
    )
    assert '"id": "door"' in run("list")
    assert server.ask("door") == "red"
    assert '"deleted": true' in run("remove", "door")
    checked = CliRunner().invoke(command, ["check", str(DEMO / "spatial"), "--config", str(DEPLOYMENT)])
    assert (checked.exit_code, '"rank": 16' in checked.stdout) == (0, True)
