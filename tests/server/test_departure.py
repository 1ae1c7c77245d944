"""A server that is told to go: what it has taken on is answered, what is new refused, and it ends without an error."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from molora.benchmarks.serving import free_port

DEADLINE_S = 60
CHAT = "/v1/chat/completions"
BODY = {"model": "auto", "messages": [{"role": "user", "content": "who?"}]}


@dataclass
class Server:
    """A process with the hand-written engine, whose answers end when there is the file `go`."""

    process: subprocess.Popen[bytes]
    http: httpx.Client
    go: Path

    def tell_to_go(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def status(self, path: str = "/ready") -> int:
        try:
            return self.http.get(path).status_code
        except httpx.TransportError:
            return 0

    def stream(self) -> list[str]:
        told = self.http.post(CHAT, json=BODY | {"stream": True})
        assert told.status_code == 200
        return [event.removeprefix("data: ") for event in told.text.strip().split("\n\n")]

    def answer(self) -> httpx.Response:
        return self.http.post(CHAT, json=BODY)

    def num_under_way(self) -> float:
        lines = self.http.get("/metrics").text.splitlines()
        return next(float(line.split()[1]) for line in lines if line.startswith("molora_requests_in_flight "))


def wait(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture(params=[DEADLINE_S])
def server(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Server]:
    port, go = free_port(), tmp_path / "go"
    arguments = [tmp_path / "store", port, go, request.param]
    process = subprocess.Popen([sys.executable, "-m", "tests.server.served", *map(str, arguments)])
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=DEADLINE_S) as http:
            started = Server(process, http, go)
            wait(lambda: started.status() == 200)
            yield started
    finally:
        process.kill()
        process.wait()


@dataclass
class UnderWay:
    """One stream and one whole answer, both begun."""

    stream: Any
    answer: Any


@pytest.fixture
def under_way(server: Server) -> Iterator[UnderWay]:
    with ThreadPoolExecutor(2) as threads:
        begun = UnderWay(threads.submit(server.stream), threads.submit(server.answer))
        wait(lambda: server.num_under_way() == 2)
        yield begun


def test_what_is_under_way_is_answered_and_the_rest_refused(server: Server, under_way: UnderWay) -> None:
    server.tell_to_go()
    wait(lambda: server.status() == 503)
    assert server.status("/live") == 200
    refusal = server.answer()
    assert (refusal.status_code, refusal.json()["error"]["message"]) == (503, "the server is stopping")
    assert not under_way.stream.done()
    server.go.touch()
    assert under_way.stream.result()[-1] == "[DONE]"
    assert "error" not in under_way.stream.result()[-2]
    assert under_way.answer.result().json()["model"] == "social"
    assert server.process.wait(DEADLINE_S) == 0


def test_a_second_signal_ends_what_is_under_way_with_an_error(server: Server, under_way: UnderWay) -> None:
    server.tell_to_go()
    wait(lambda: server.status() == 503)
    server.tell_to_go()
    check_ended(server, under_way)


@pytest.mark.parametrize("server", [0.3], indirect=True)
def test_so_does_the_deadline(server: Server, under_way: UnderWay) -> None:
    server.tell_to_go()
    check_ended(server, under_way)


def check_ended(server: Server, under_way: UnderWay) -> None:
    error, end = under_way.stream.result()[-2:]
    assert (json.loads(error)["error"]["type"], end) == ("service_unavailable", "[DONE]")
    assert under_way.answer.result().status_code == 503
    assert server.process.wait(DEADLINE_S) == 0


def test_an_idle_server_goes_at_once(server: Server) -> None:
    server.tell_to_go()
    assert server.process.wait(DEADLINE_S) == 0
    assert server.status() == 0
