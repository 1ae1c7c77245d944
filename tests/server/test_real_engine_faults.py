"""The real engine killed and stopped amid answers, the server told to go: everybody is told, nothing is lost."""

import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import openai
import psutil
import pytest

from tests.server.deployment import CONFIGURED, Server, serve, write_deployment

pytestmark = pytest.mark.engine

HEALTH = {"canary_s": 1.0, "stalled_s": 6.0, "failed_s": 45.0}
NUM_STREAMS = 4
DEADLINE_S = 180.0


def body(model: str, **options: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": "Where is the ball?"}]
    return {"model": model, "messages": messages, "temperature": 0, "max_tokens": 900, "ignore_eos": True} | options


@dataclass
class Told:
    """What a client of a stream was told, event by event."""

    events: list[str] = field(default_factory=list)

    def read(self, http: httpx.Client, model: str) -> None:
        with http.stream("POST", "/v1/chat/completions", json=body(model, stream=True)) as response:
            assert response.status_code == 200
            for line in response.iter_lines():
                self.events += [line.removeprefix("data: ")] if line else []

    @property
    def error(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.events[-2])["error"]
        return found


@contextmanager
def streaming(server: Server) -> Iterator[list[tuple[Told, Future[None]]]]:
    """Streams that have all begun."""
    with ThreadPoolExecutor(NUM_STREAMS) as threads:
        told = [Told() for _ in range(NUM_STREAMS)]
        streams = [(one, threads.submit(one.read, server.http, "auto")) for one in told]
        wait(lambda: all(one.events for one in told), "streams to begin")
        yield streams


def wait(is_so: Any, what: str) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not is_so():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.02)


def is_ready(server: Server) -> bool:
    return server.http.get("/ready").is_success


def engine_of(server: Server) -> psutil.Process:
    return next(process for process in server.process.processes() if process.name().startswith("VLLM::EngineC"))


def golden(server: Server) -> list[str]:
    return [server.ask(model, max_tokens=8) for model in ("base", *CONFIGURED, "door")]


@pytest.fixture(scope="module", autouse=True)
def one_core_for_engines() -> Iterator[None]:
    """On two it keeps its clients from the processor for as long as an answer takes: they would come too late."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VLLM_CPU_OMP_THREADS_BIND", str(min(os.sched_getaffinity(0))))
        yield


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, secrets: dict[str, Path]) -> Iterator[Server]:
    with serve(write_deployment(tmp_path_factory.mktemp("faults"), health=HEALTH)) as server:
        assert server.add("door", secrets["red"]).status_code == 201
        yield server


@pytest.fixture
def server(shared: Server) -> Server:
    wait(lambda: is_ready(shared), "the server to be ready")
    return shared


def check_refused(server: Server) -> None:
    """At the door, in OpenAI's form, with a word on when to come again."""
    response = server.http.post("/v1/chat/completions", json=body("auto"))
    assert response.status_code == 503
    assert response.json()["error"]["type"] == "service_unavailable"
    assert int(response.headers["retry-after"]) > 0
    assert server.http.get("/live").is_success


def check_told(streams: list[tuple[Told, Future[None]]]) -> None:
    for told, done in streams:
        done.result(timeout=DEADLINE_S)
        assert told.events[-1] == "[DONE]"
        assert told.error["type"] == "service_unavailable"


def check_back(server: Server, said: list[str], numbers: set[int]) -> None:
    """Another engine, under other numbers, with the same experts and answers."""
    wait(lambda: is_ready(server), "another engine")
    cards = server.cards()
    assert {card["state"] for card in cards.values()} == {"ready"}
    assert not numbers & {card["version"] for card in cards.values()}
    assert golden(server) == said
    assert server.ask("door") == "red"


def numbers(server: Server) -> set[int]:
    return {card["version"] for card in server.cards().values()}


def test_a_killed_engine_is_replaced_and_everybody_is_told(server: Server) -> None:
    said, before, failures = golden(server), numbers(server), server.metric("molora_engine_failures_total")
    with streaming(server) as streams, ThreadPoolExecutor(1) as threads:
        whole = threads.submit(server.http.post, "/v1/chat/completions", json=body("social"))
        wait(lambda: server.metric("molora_requests_in_flight") == NUM_STREAMS + 1, "a request beside the streams")
        engine_of(server).kill()
        check_told(streams)
        assert whole.result(timeout=DEADLINE_S).status_code == 503
    assert not is_ready(server)
    check_refused(server)
    check_back(server, said, before)
    assert server.metric("molora_engine_failures_total") == failures + 1


def test_an_engine_that_is_stopped_for_a_while_loses_nothing(server: Server) -> None:
    engine, failures = engine_of(server), server.metric("molora_engine_failures_total")
    with streaming(server) as streams:
        engine.suspend()
        wait(lambda: not is_ready(server), "the silence to be noticed")
        check_refused(server)
        engine.resume()
        for told, done in streams:
            done.result(timeout=DEADLINE_S)
            assert told.events[-1] == "[DONE]"
            assert "error" not in told.events[-2]
    wait(lambda: is_ready(server), "the engine's steps to be noticed")
    assert engine_of(server) == engine
    assert server.metric("molora_engine_failures_total") == failures


def test_an_engine_that_falls_silent_is_ended_and_replaced(server: Server) -> None:
    said, before = golden(server), numbers(server)
    engine = engine_of(server)
    with streaming(server) as streams:
        engine.suspend()
        check_told(streams)
    assert not engine.is_running()
    check_refused(server)
    with pytest.raises(openai.InternalServerError, match="brought up"):
        server.ask("door")
    check_back(server, said, before)
    assert server.metric('molora_engine_failures_total{failure="fell silent"}') == 1


def test_a_server_that_is_to_stop_answers_what_it_has_taken_on(server: Server) -> None:
    """The last of this server."""
    processes = server.process.processes()
    with streaming(server) as streams:
        processes[0].send_signal(signal.SIGTERM)
        wait(lambda: not is_ready(server), "the signal to be heeded")
        check_refused(server)
        for told, done in streams:
            done.result(timeout=DEADLINE_S)
            assert told.events[-1] == "[DONE]"
            assert "error" not in told.events[-2]
    assert server.process.wait() == 0
    check_gone(server, processes)


def test_without_restarts_the_server_ends_with_its_engine(tmp_path: Path) -> None:
    with serve(write_deployment(tmp_path, health={"on_failure": "exit"})) as server:
        processes = server.process.processes()
        with streaming(server) as streams:
            engine_of(server).kill()
            check_told(streams)
        assert server.process.wait() == 1
        assert "molora: the engine died" in server.process.log.read_text()
        check_gone(server, processes)


def check_gone(server: Server, processes: list[psutil.Process]) -> None:
    """Nothing of it is left, and its port is free."""
    gone, alive = psutil.wait_procs(processes, timeout=DEADLINE_S)
    assert not [process for process in alive if process.status() != psutil.STATUS_ZOMBIE], gone
    with socket.create_server(("127.0.0.1", server.process.port)):
        pass
