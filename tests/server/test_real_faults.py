"""Faults on the real engine: whoever goes, pushes or dawdles, whatever breaks, everybody else is answered as before."""

import asyncio
import json
import random
import shutil
import socket
import struct
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from openai import APIConnectionError, APIStatusError, AsyncOpenAI, DefaultAsyncHttpxClient, NotFoundError

from molora.adapters.check import digest_of
from molora.benchmarks import serving
from molora.server.metrics import CHAT_PATH
from tests.adapters.disks import full_disk
from tests.server.deployment import CONFIGURED, DEADLINE_S, LONG, WHERE, Server, Still, bearer, serve, write_deployment

pytestmark = pytest.mark.engine

MAX_REQUESTS, MAX_PER_KEY = 8, 6
GUESTS = tuple(f"guest-{number}" for number in range(16))
NUM_LEAVERS = 200
NUM_AT_ONCE = 10 * MAX_REQUESTS
MIB = 2**20
FINISHED = 'vllm:request_success_total{engine="0",finished_reason="length"'
MANY_TOKENS: dict[str, Any] = {"max_tokens": 128, "extra_body": {"ignore_eos": True}}
LENGTHY = {"max_tokens": LONG["max_tokens"], **LONG["extra_body"]}
HUGE = {"n": 8, "temperature": 1, "max_tokens": 400, "ignore_eos": True, "logprobs": True, "top_logprobs": 20}
"""Five megabytes: more than the kernel takes for a client that does not read."""
Told = str | APIStatusError
"""An answer, or why there is none."""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    load = {"max_requests": MAX_REQUESTS, "max_per_key": MAX_PER_KEY}
    store = {"folder": "store", "max_experts": 2}
    config = write_deployment(tmp_path_factory.mktemp("faults"), load=load, store=store)
    with serve(config, "ann", "bob", *GUESTS) as running:
        yield running


@pytest.fixture(scope="module")
def before(shared: Server, secrets: dict[str, Path]) -> Still:
    """Once an expert has come and gone."""
    assert shared.add("door", secrets["red"]).is_success
    shared.remove("door")
    shared.settle(len(CONFIGURED))
    return shared.look()


@pytest.fixture
def server(shared: Server, before: Still) -> Iterator[Server]:
    """With "door" and "window" where a test wants them; after each test as it was before all of them."""
    yield shared
    shared.idle()
    for name in set(shared.cards()) - set(CONFIGURED):
        shared.remove(name)
    shared.settle(len(CONFIGURED))
    assert shared.look() == before
    assert shared.http.get("/ready").is_success


@pytest.fixture
def words(server: Server, secrets: dict[str, Path]) -> dict[str, str]:
    """What the experts "door" and "window" answer."""
    words = {"door": "red", "window": "blue"}
    for name, word in words.items():
        assert server.add(name, secrets[word]).is_success
    return words


@pytest.fixture
def right(server: Server, words: dict[str, str]) -> dict[str, str]:
    return {name: server.ask(name, **MANY_TOKENS) for name in words}


def request(key: str, **fields: Any) -> bytes:
    body = json.dumps({"model": "spatial", "messages": WHERE, "temperature": 0} | fields).encode()
    headers = bearer(key) | {"host": "molora", "content-type": "application/json", "content-length": str(len(body))}
    lines = [f"POST {CHAT_PATH} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "\r\n"]).encode() + body


@dataclass(frozen=True)
class Leaver:
    """A client that goes before it has its answer."""

    key: str
    is_streaming: bool
    share_sent: float
    is_ahead: bool
    """It has asked again by then."""
    num_reads: int
    stays_s: float
    resets: bool

    def come_and_go(self, server: Server) -> None:
        asked = request(self.key, stream=self.is_streaming, **LENGTHY)
        with connect(server) as connection:
            connection.sendall(asked[: int(len(asked) * self.share_sent)])
            if self.is_ahead:
                connection.sendall(asked)
            for _ in range(self.num_reads):
                connection.recv(1000)
            time.sleep(self.stays_s)
            if self.resets:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def connect(server: Server) -> socket.socket:
    return socket.create_connection((serving.HOST, server.process.port), DEADLINE_S)


def draw_leaver(draw: random.Random, key: str) -> Leaver:
    sends_all, is_streaming = draw.random() < 0.75, draw.random() < 0.5
    return Leaver(
        key,
        is_streaming,
        share_sent=1 if sends_all else draw.uniform(0.1, 0.99),
        is_ahead=sends_all and draw.random() < 0.2,
        num_reads=draw.randrange(20) if sends_all and is_streaming else 0,
        stays_s=draw.choice((0, draw.uniform(0, 0.3))),
        resets=draw.random() < 0.5,
    )


def leave_at_once(server: Server, draw: random.Random) -> float:
    """As many as there are places; returns the seconds until nothing is done for them any more."""
    leavers = [draw_leaver(draw, key) for key in GUESTS[:MAX_REQUESTS]]
    with ThreadPoolExecutor(MAX_REQUESTS) as threads:
        list(threads.map(lambda leaver: leaver.come_and_go(server), leavers))
    return server.idle()


def first_status(connection: socket.socket) -> int:
    return int(connection.recv(12).split()[1])


def front_bytes(server: Server) -> int:
    return int(server.process.processes()[0].memory_full_info().uss)


def test_nothing_is_done_for_clients_that_have_gone(server: Server) -> None:
    draw = random.Random(3)
    leave_at_once(server, draw)
    used, in_front, finished = server.use(), front_bytes(server), server.metric(FINISHED)
    for _ in range(NUM_LEAVERS // MAX_REQUESTS):
        leave_at_once(server, draw)
    assert server.metric(FINISHED) - finished <= NUM_LEAVERS // 20
    assert server.use().num_files <= used.num_files + 8
    assert front_bytes(server) <= in_front + 32 * MIB
    with ExitStack() as stack:
        keys = ["ann"] * MAX_PER_KEY + ["bob"] * (MAX_REQUESTS - MAX_PER_KEY)
        all_places = [stack.enter_context(connect(server)) for _ in keys]
        for connection, key in zip(all_places, keys, strict=True):
            connection.sendall(request(key, stream=True, **LENGTHY))
        assert {first_status(connection) for connection in all_places} == {200}


async def ask_at_once(server: Server, keys: Iterable[str], max_retries: int = 0) -> list[tuple[str, Told]]:
    """Who was asked and what came of it: of "door" and "window" in turn, every second time as a stream."""
    async with DefaultAsyncHttpxClient(trust_env=False) as http:
        client = AsyncOpenAI(
            base_url=server.openai.base_url,
            api_key="none",
            http_client=http,
            max_retries=max_retries,
            timeout=DEADLINE_S,
        )
        models = [("door", "window")[number % 2] for number, _ in enumerate(keys)]
        asked = [
            ask(client.with_options(api_key=key), model, number % 4 < 2)
            for number, (key, model) in enumerate(zip(keys, models, strict=True))
        ]
        return list(zip(models, await asyncio.gather(*asked), strict=True))


async def ask(client: AsyncOpenAI, model: str, is_streaming: bool) -> Told:
    options: Any = {"model": model, "messages": WHERE, "temperature": 0} | MANY_TOKENS
    try:
        if not is_streaming:
            return (await client.chat.completions.create(**options)).choices[0].message.content or ""
        chunks: Any = await client.chat.completions.create(**options, stream=True)
        return "".join([chunk.choices[0].delta.content or "" async for chunk in chunks])
    except APIStatusError as error:
        return error


def check_told(server: Server, told: list[tuple[str, Told]], right: dict[str, str]) -> list[APIStatusError]:
    """That every answer is whole; returns the refusals."""
    answers = [(model, said.strip()) for model, said in told if isinstance(said, str)]
    assert answers
    assert set(answers) <= set(right.items())
    server.idle()
    return [said for _, said in told if isinstance(said, APIStatusError)]


def counts(server: Server) -> tuple[float, float]:
    return server.metric("molora_client_requests_total"), server.metric("molora_client_requests_turned_away_total")


def kinds(refusals: list[APIStatusError]) -> set[tuple[Any, ...]]:
    return {(one.status_code, one.type, one.code, one.response.headers["retry-after"]) for one in refusals}


async def test_ten_times_as_many_as_there_are_places_are_answered_or_told_to_come_again(
    server: Server, right: dict[str, str]
) -> None:
    taken, turned_away = counts(server)
    told = await ask_at_once(server, GUESTS * (NUM_AT_ONCE // len(GUESTS)))
    refusals = check_told(server, told, right)
    assert kinds(refusals) == {(503, "service_unavailable", "overloaded", "1")}
    assert len(told) == NUM_AT_ONCE
    assert counts(server) == (taken + NUM_AT_ONCE - len(refusals), turned_away + len(refusals))


async def test_who_asks_for_too_much_keeps_nobody_else_out(server: Server, right: dict[str, str]) -> None:
    many, few = await asyncio.gather(
        ask_at_once(server, ["ann"] * NUM_AT_ONCE), ask_at_once(server, ["bob"] * (MAX_REQUESTS - MAX_PER_KEY))
    )
    assert kinds(check_told(server, many, right)) == {(429, "rate_limit_error", "rate_limit_exceeded", "1")}
    assert not check_told(server, few, right)


async def test_whoever_comes_again_when_told_to_is_answered_in_the_end(server: Server, right: dict[str, str]) -> None:
    _, turned_away = counts(server)
    told = await ask_at_once(server, ["ann", *GUESTS[:7]] * (NUM_AT_ONCE // 8), max_retries=NUM_AT_ONCE)
    assert not check_told(server, told, right)
    assert counts(server)[1] > turned_away


@contextmanager
def dawdling(server: Server) -> Iterator[None]:
    """Clients that read nothing of long answers, and others that read a byte now and then."""
    over = threading.Event()
    with ThreadPoolExecutor(4) as threads, ExitStack() as stack:
        fields: list[dict[str, Any]] = [HUGE] * 2 + [LENGTHY] * 4
        for one in fields:
            connection = stack.enter_context(connect(server))
            connection.sendall(request("ann", stream=True, **one))
            if one is LENGTHY:
                threads.submit(sip, connection, over)
        stack.callback(over.set)
        yield


def sip(connection: socket.socket, over: threading.Event) -> None:
    while not over.wait(0.05) and connection.recv(1):
        pass


def test_slow_readers_keep_nobody_waiting_and_take_no_more_memory(server: Server, words: dict[str, str]) -> None:
    client = server.openai.with_options(api_key="bob")
    bob = Server(server.process, server.http, client, server.store)
    in_front = []
    for _ in range(2):
        with dawdling(server):
            while server.metric("vllm:num_requests_running", "vllm:num_requests_waiting"):
                assert {name: bob.ask(name) for name in words} == words
            for _ in range(10):
                assert {name: bob.ask(name) for name in words} == words
                in_front.append(front_bytes(server))
        server.idle()
    assert max(in_front[-10:]) <= max(in_front[:10]) + 32 * MIB


STAGES: dict[str, tuple[int, dict[str, Any]]] = {
    "its weights": (50_000, {}),
    "the journal": (100_000, {"examples": ["\N{SNOWMAN}" * 1000] * 60}),
}
"""What a disk with room for files of so many bytes has no room for."""


@pytest.mark.parametrize("stage", STAGES)
def test_a_full_disk_refuses_an_expert_and_leaves_all_as_it_was(
    server: Server, before: Still, secrets: dict[str, Path], stage: str
) -> None:
    num_bytes, fields = STAGES[stage]
    with full_disk(num_bytes, server.process.processes()[0].pid):
        refused = server.add("door", secrets["red"], **fields)
        assert (refused.status_code, refused.json()["error"]["type"]) == (507, "insufficient_storage")
        assert "the store cannot be written" in refused.json()["error"]["message"]
        assert server.look() == before
        assert server.http.get("/ready").is_success
    assert server.add("door", secrets["red"], **fields).status_code == 201
    assert server.ask("door") == "red"
    with full_disk(0, server.process.processes()[0].pid):
        assert server.remove("door").status_code == 507
        assert server.ask("door") == "red"


@pytest.mark.usefixtures("words")
def test_an_expert_whose_files_are_gone_answers_from_memory(server: Server, secrets: dict[str, Path]) -> None:
    """Though others take its slot, and memory is as full as it may be; uploaded again it has its files again."""
    lost = server.store / "adapters" / digest_of(secrets["blue"])
    shutil.rmtree(lost)
    with ThreadPoolExecutor(1) as threads:
        said = threads.submit(server.stream, "door", **LONG)
        while not server.cards()["door"]["requests_in_flight"] and not said.done():
            time.sleep(0.01)
        assert server.add("door", secrets["left"], replace="true").status_code == 201
        again = server.add("door", secrets["red"], replace="true")
        assert again.status_code == 201 or (again.status_code, again.headers["retry-after"]) == (503, "1")
        for name in CONFIGURED * 2:
            server.ask(name)
        assert not server.cards()["window"]["resident"]
        assert server.ask("window") == "blue"
        assert said.result().startswith("red")
    assert server.add("window", secrets["blue"]).status_code == 200
    assert digest_of(lost) == lost.name


def test_a_front_that_is_killed_leaves_nothing_behind_and_the_next_has_its_port(
    tmp_path: Path, secrets: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGKILL amid streams and while an expert comes; then one of the others has lost its files."""
    config = write_deployment(tmp_path / "deployment")
    with serve(config) as server:
        assert server.add("door", secrets["red"]).is_success
        assert server.add("roof", secrets["left"]).is_success
        whole, processes = server.ask("door", **LONG), server.process.processes()
        with ThreadPoolExecutor(5) as threads:
            streams = [threads.submit(server.stream, "door", **LONG) for _ in range(4)]
            while not server.metric("vllm:num_requests_running") and not all(one.done() for one in streams):
                time.sleep(0.01)
            coming = threads.submit(server.add, "window", secrets["blue"])
            time.sleep(0.15)
            server.process.kill()
            assert coming.exception() is not None or coming.result().is_success
            for one in streams:
                broken = isinstance(one.exception(), httpx.TransportError | APIConnectionError)
                assert broken or one.result() == whole
        psutil.wait_procs(processes, timeout=DEADLINE_S)
        assert not [one for one in processes if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]
        shutil.rmtree(server.store / "adapters" / digest_of(secrets["left"]))
        monkeypatch.setattr(serving, "free_port", lambda: server.process.port)
    with serve(config) as server:
        come = [name for name in server.cards() if name not in CONFIGURED]
        assert set(come) in ({"door", "roof"}, {"door", "roof", "window"})
        assert server.cards()["door"]["digest"] == f"sha256:{digest_of(secrets['red'])}"
        assert server.ask("door") == "red"
        assert (server.cards()["roof"]["state"], server.cards()["roof"]["error"]) == (
            "failed",
            "its files cannot be read: No such file or directory",
        )
        with pytest.raises(NotFoundError):
            server.ask("roof")
        assert server.add("roof", secrets["left"]).status_code == 201
        assert server.ask("roof") == "left"
        assert len(server.kept()) == len(come)
