"""The demo as a real server: `molora serve` with the real engine, a store, two slots, and an administrator."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import yaml
from openai import DefaultHttpxClient, OpenAI
from rich.console import Console

from molora.benchmarks import serving
from molora.server.keys import ADMIN_KEYS, API_KEYS
from tests.conftest import DEMO
from tests.server.administration import ADMIN, KEY, PATH, files, form

CONFIGURED = ["spatial", "quantity", "physical", "social"]
WHERE: list[Any] = [{"role": "user", "content": "Where is the ball?"}]
LONG: dict[str, Any] = {"max_tokens": 900, "extra_body": {"ignore_eos": True}}
"""Takes seconds, longer than an upload."""
WORK = ("vllm:num_requests_running", "vllm:num_requests_waiting", "molora_requests_in_flight")
DEADLINE_S = 120


@dataclass(frozen=True)
class Still:
    """What a fault must leave as it was."""

    answers: tuple[str, ...]
    cards: tuple[tuple[str, str, int], ...]
    held: float
    disk: tuple[str, ...]


@dataclass(frozen=True)
class Use:
    """What the server's processes hold."""

    num_files: int
    num_bytes: int


@dataclass
class Server:
    process: serving.ServerProcess
    http: httpx.Client
    openai: OpenAI
    store: Path

    def add(self, name: str, folder: Path, **fields: Any) -> httpx.Response:
        return self.http.post(PATH, **form(name, files(folder), **fields))

    def remove(self, name: str) -> httpx.Response:
        return self.http.delete(f"{PATH}/{name}", headers=ADMIN)

    def cards(self) -> dict[str, dict[str, Any]]:
        listed = self.http.get(PATH, headers=ADMIN).raise_for_status().json()["data"]
        return {card["id"]: card for card in listed}

    def ask(self, model: str, **options: Any) -> str:
        told = self.openai.chat.completions.create(
            model=model, messages=WHERE, **({"temperature": 0, "max_tokens": 1} | options)
        )
        return (told.choices[0].message.content or "").strip()

    def stream(self, model: str, **options: Any) -> str:
        chunks = self.openai.chat.completions.create(model=model, messages=WHERE, temperature=0, stream=True, **options)
        return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices).strip()

    def metric(self, *names: str) -> float:
        """The sum of all whose names begin so."""
        told = self.http.get("/metrics").text.splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in told if line.startswith(names))

    def kept(self) -> set[str]:
        return {path.name for path in (self.store / "adapters").iterdir()}

    def look(self) -> Still:
        answers = tuple(self.ask(model, max_tokens=8) for model in ("base", "social"))
        cards = tuple((card["id"], card["digest"], card["version"]) for card in self.cards().values())
        disk = tuple(sorted(str(path) for path in self.store.rglob("*")))
        return Still(answers, cards, self.metric("molora_adapters_in_memory"), disk)

    def use(self) -> Use:
        processes = self.process.processes()
        return Use(sum(p.num_fds() for p in processes), sum(p.memory_full_info().uss for p in processes))

    def idle(self) -> float:
        """Until neither front nor engine works for anyone; returns the seconds that this took."""
        began = time.monotonic()
        while self.metric(*WORK):
            assert time.monotonic() < began + DEADLINE_S, [(name, self.metric(name)) for name in WORK]
            time.sleep(0.01)
        return time.monotonic() - began

    def settle(self, num: int) -> None:
        """Until the engine holds as many adapters, and the disk those of the store alone."""
        deadline = time.monotonic() + DEADLINE_S
        while self.metric("molora_adapters_in_memory") != num or len(self.kept()) != num - len(CONFIGURED):
            assert time.monotonic() < deadline, (self.metric("molora_adapters_in_memory"), self.kept())
            time.sleep(0.02)


def write_deployment(folder: Path, **sections: Any) -> Path:
    """With these sections beside the demo's, and two slots for four experts and more."""
    body = yaml.safe_load(DEMO.read_text())
    for section in (body["engine"], *body["experts"].values()):
        for key in {"model", "adapter"} & set(section):
            section[key] = str((DEMO.parent / section[key]).resolve())
    body["router"]["head"] = str((DEMO.parent / body["router"]["head"]).resolve())
    body["engine"]["max_loras"] = 2
    folder.mkdir(exist_ok=True)
    (folder / "deployment.yaml").write_text(yaml.safe_dump(body | {"store": {"folder": "store"}} | sections))
    return folder / "deployment.yaml"


@contextmanager
def serve(config: Path, *clients: str) -> Iterator[Server]:
    """To these clients, each with its name for a key, the first of them at hand; without any to anyone."""
    command = serving.molora_command(config)
    keys = {ADMIN_KEYS: KEY, API_KEYS: ",".join(f"{name}:{name}" for name in clients)}
    command = replace(command, environment={**command.environment, **keys})
    key = clients[0] if clients else "none"
    with (
        serving.running(command, config.parent / "molora.log", Console(quiet=True)) as process,
        httpx.Client(base_url=process.url, headers=bearer(key), trust_env=False, timeout=120) as http,
        DefaultHttpxClient(trust_env=False) as direct,
    ):
        client = OpenAI(base_url=f"{process.url}/v1", api_key=key, http_client=direct, max_retries=0, timeout=120)
        yield Server(process, http, client, config.parent / "store")


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}
