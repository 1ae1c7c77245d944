"""SIGKILL at any instant of administration leaves the set of experts as it was or as it was to be, and serving."""

import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from molora.adapters.check import digest_of
from molora.benchmarks.serving import free_port
from molora.server.keys import ADMIN_KEYS
from tests.adapters.faulty import config, make_good
from tests.server.administration import ADMIN, KEY, PATH, files, form

CRASHES = int(os.environ.get("MOLORA_CRASHES", "6"))
"""Fifty were run by hand."""
NAMES = ("door", "window", "roof")

Experts = dict[str, str]
"""Digests by name."""


@pytest.fixture(scope="module")
def adapters(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("adapters")
    made = [make_good(folder / str(alpha)) for alpha in range(1, 5)]
    for alpha, one in enumerate(made, 1):
        config(lora_alpha=alpha)(one)
    return made


@contextmanager
def serving(store: Path) -> Iterator[tuple[httpx.Client, subprocess.Popen[bytes]]]:
    """Killed at the end, if it still runs."""
    port = free_port()
    command = [sys.executable, "-m", "tests.server.served", str(store), str(port)]
    process = subprocess.Popen(command, env=os.environ | {ADMIN_KEYS: KEY})
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30) as http:
            wait_ready(http, process)
            yield http, process
    finally:
        process.kill()
        process.wait()


def wait_ready(http: httpx.Client, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while True:
        assert process.poll() is None
        assert time.monotonic() < deadline
        with suppress(httpx.TransportError):
            if http.get("/ready").is_success:
                return
        time.sleep(0.05)


def listed(http: httpx.Client) -> Experts:
    cards = http.get(PATH, headers=ADMIN).raise_for_status().json()["data"]
    assert all(card["state"] == "ready" for card in cards)
    return {card["id"]: card["digest"].removeprefix("sha256:") for card in cards if card["origin"] == "store"}


@dataclass
class Administrator:
    """Changes experts until the server is gone; `now` is what was answered last, `then` what is being asked for."""

    http: httpx.Client
    draw: random.Random
    adapters: list[Path]
    now: Experts
    then: Experts = field(default_factory=dict)
    num_done: int = 0

    def work(self) -> None:
        with suppress(httpx.TransportError):
            while True:
                self.change()

    def change(self) -> None:
        name, folder = self.draw.choice(NAMES), self.draw.choice(self.adapters)
        removes = name in self.now and self.draw.random() < 0.4
        rest = {other: digest for other, digest in self.now.items() if other != name}
        self.then = rest if removes else rest | {name: digest_of(folder)}
        if removes:
            response = self.http.delete(f"{PATH}/{name}", headers=ADMIN)
        else:
            response = self.http.post(PATH, **form(name, files(folder), replace="true"))
        assert response.is_success, response.text
        self.now, self.num_done = self.then, self.num_done + 1


def test_a_kill_leaves_the_old_set_or_the_new(tmp_path: Path, adapters: list[Path]) -> None:
    draw, store = random.Random(11), tmp_path / "store"
    allowed: list[Experts] = [{}]
    num_done = 0
    for _ in range(CRASHES):
        with serving(store) as (http, process):
            found = listed(http)
            assert found in allowed
            assert {path.name for path in (store / "adapters").iterdir()} == set(found.values())
            assert not list((store / "incoming").iterdir())
            for name in found:
                body = {"model": name, "messages": [{"role": "user", "content": "?"}]}
                assert http.post("/v1/chat/completions", json=body).json()["model"] == name
            administrator = Administrator(http, draw, adapters, found, found)
            thread = threading.Thread(target=administrator.work)
            thread.start()
            time.sleep(draw.uniform(0.05, 0.6))
            process.kill()
            thread.join()
            allowed = [administrator.now, administrator.then]
            num_done += administrator.num_done
    assert num_done > CRASHES
