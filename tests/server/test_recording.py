"""A request leaves one line, which tells what was done for whom and nothing that was said."""

import asyncio
import io
import json
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from molora.config import LogsConfig
from molora.engine.interface import Usage
from molora.errors import Overloaded, Unavailable
from molora.router.query import Decision
from molora.server.app import create_app
from molora.server.keys import ADMIN_KEYS, API_KEYS
from molora.server.logs import writing_logs
from molora.server.record import Record
from molora.server.recording import fields
from tests.pictures import ask, data_url, png
from tests.server.fakes import FAILURES, FakeEngine, FakeRouter, calling, make_config
from tests.server.test_disconnect import call_and_go

CHAT = "/v1/chat/completions"
SECRET = "where the gold is, and who knows"
WHO: dict[str, Any] = {"model": "auto", "messages": [{"role": "user", "content": "who?"}]}
MEASURED = ("time", "duration_ms", "ttft_ms")
ALWAYS = {"logger": "molora.requests", "message": "request", "client": "anyone"}
ANSWERED = {
    "level": "info",
    "method": "POST",
    "path": CHAT,
    "status": 200,
    "model": "auto",
    "expert": "social",
    "source": "router",
    "gates": {"social": 1.0},
    "pictures": 0,
    "prompt_tokens": 7,
    "completion_tokens": 2,
    "router_ms": 1.5,
}


@pytest.fixture
def output() -> Iterator[io.StringIO]:
    with io.StringIO() as stream, writing_logs(LogsConfig(), stream):
        yield stream


def read(output: io.StringIO) -> list[dict[str, Any]]:
    """The lines of requests."""
    lines = [json.loads(line) for line in output.getvalue().splitlines()]
    return [line for line in lines if line["logger"] == "molora.requests"]


def read_one(output: io.StringIO) -> dict[str, Any]:
    (line,) = read(output)
    return line


def told(line: dict[str, Any]) -> dict[str, Any]:
    """Without what is measured."""
    return {name: value for name, value in line.items() if name not in MEASURED}


@asynccontextmanager
async def logging_more(engine: FakeEngine, router: FakeRouter, **logs: Any) -> AsyncIterator[httpx.AsyncClient]:
    async with calling(create_app(make_config(logs=LogsConfig(**logs)), engine, router)) as http:
        yield http


async def test_a_line_of_an_answer(http: httpx.AsyncClient, output: io.StringIO) -> None:
    body = WHO | {"messages": [*ask(data_url(png())), *WHO["messages"]]}
    await http.post(CHAT, json=body, headers={"x-request-id": "mine"})
    line = read_one(output)
    assert told(line) == ALWAYS | ANSWERED | {"request_id": "mine", "pictures": 1}
    assert set(line) - set(told(line)) == {"time", "duration_ms"}
    assert line["duration_ms"] > 0


async def test_a_line_of_a_stream_is_written_at_its_end(http: httpx.AsyncClient, output: io.StringIO) -> None:
    response = await http.post(CHAT, json=WHO | {"stream": True})
    assert response.text.endswith("[DONE]\n\n")
    line = read_one(output)
    assert told(line) == ALWAYS | ANSWERED | {"request_id": response.headers["x-request-id"]}
    assert 0 < line["ttft_ms"] <= line["duration_ms"]


async def test_a_line_of_a_mixture_by_hand(http: httpx.AsyncClient, output: io.StringIO) -> None:
    gates = {"spatial": 0.3, "social": 0.7}
    await http.post(CHAT, json=WHO | {"routing": {"gates": gates}})
    line = read_one(output)
    assert (line["gates"], line["source"], line["expert"]) == (gates, "manual", "social")


def test_a_line_tells_why_it_was_not_the_router_that_chose() -> None:
    decision = Decision("top1", "fallback", {}, {"social": 1.0}, reason="unlike")
    line = fields(Record("POST", CHAT, "mine", is_named=True, decision=decision), None)
    assert (line["expert"], line["source"], line["reason"]) == ("base", "fallback", "unlike")


async def test_a_line_of_a_refusal(http: httpx.AsyncClient, output: io.StringIO) -> None:
    await http.post(CHAT, json=WHO | {"routing": {"deny": ["nobody"]}}, headers={"x-request-id": "mine"})
    assert told(read_one(output)) == ALWAYS | {
        "request_id": "mine",
        "level": "info",
        "method": "POST",
        "path": CHAT,
        "status": 400,
        "model": "auto",
        "pictures": 0,
        "error_type": "invalid_request_error",
    }


@pytest.mark.parametrize(
    ("method", "path", "answered"),
    [
        ("GET", "/nowhere", {"status": 404, "error_type": "not_found_error"}),
        ("DELETE", CHAT, {"status": 405, "error_type": "invalid_request_error"}),
        ("GET", "/v1/models", {"status": 200}),
    ],
)
async def test_a_line_of_another_request(
    http: httpx.AsyncClient, output: io.StringIO, method: str, path: str, answered: dict[str, Any]
) -> None:
    response = await http.request(method, f"{path}?secret=1")
    asked = {"request_id": response.headers["x-request-id"], "level": "info", "method": method, "path": path}
    assert told(read_one(output)) == ALWAYS | asked | answered


async def test_a_line_of_a_decision_alone(http: httpx.AsyncClient, output: io.StringIO) -> None:
    await http.post("/v1/route", json={"messages": WHO["messages"]})
    line = read_one(output)
    assert (line["expert"], line["router_ms"], line["pictures"]) == ("social", 1.5, 0)


async def test_lines_name_the_client_by_its_key(
    output: io.StringIO, engine: FakeEngine, router: FakeRouter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(API_KEYS, "ann:her key")
    monkeypatch.setenv(ADMIN_KEYS, "root:another key")
    async with logging_more(engine, router) as http:
        await http.post(CHAT, json=WHO, headers={"authorization": "Bearer her key"})
        await http.post(CHAT, json=WHO, headers={"authorization": "Bearer a wrong key"})
        await http.get("/v1/experts", headers={"x-admin-key": "another key"})
    served, refused, administered = read(output)
    assert (served["client"], served["status"]) == ("ann", 200)
    assert "client" not in refused
    assert (refused["status"], refused["error_code"]) == (401, "invalid_api_key")
    assert (administered["client"], administered["status"]) == ("root", 200)
    assert " key" not in output.getvalue()


@pytest.mark.parametrize(("failure", "status"), [*FAILURES, (RuntimeError(SECRET), 500)])
async def test_a_line_of_a_failure(
    http: httpx.AsyncClient, output: io.StringIO, engine: FakeEngine, failure: Exception, status: int
) -> None:
    engine.failure = failure
    for stream in (False, True):
        await http.post(CHAT, json=WHO | {"stream": stream})
    for line in read(output):
        assert (line["status"], line["expert"]) == (status, "social")
        assert line["level"] == ("warning" if status >= 500 else "info")
        assert line["error_type"]
    assert len(read(output)) == 2


async def test_a_traceback_carries_the_name_of_its_request(
    http: httpx.AsyncClient, output: io.StringIO, engine: FakeEngine
) -> None:
    engine.failure = RuntimeError()
    await http.post(CHAT, json=WHO, headers={"x-request-id": "mine"})
    (line,) = [json.loads(line) for line in output.getvalue().splitlines() if "traceback" in line]
    assert (line["level"], line["request_id"]) == ("error", "mine")
    assert "RuntimeError" in line["traceback"]


async def test_an_error_amid_a_stream_is_told(output: io.StringIO, router: FakeRouter) -> None:
    class Breaking(FakeEngine):
        async def _chunks(self, expert: str, usage: Usage) -> AsyncGenerator[str, None]:
            usage.completion_tokens += 1
            yield f'data: {{"model": "{expert}", "choices": []}}\n\n'
            raise Overloaded("no")

    async with logging_more(Breaking(), router) as http:
        told = (await http.post(CHAT, json=WHO | {"stream": True})).text.split("\n\n")
    assert json.loads(told[2].removeprefix("data: ")) == Overloaded("no").to_dict()
    assert told[3:] == ["data: [DONE]", ""]
    line = read_one(output)
    assert (line["status"], line["level"], line["completion_tokens"]) == (200, "warning", 1)
    assert (line["error_type"], line["error_code"]) == ("service_unavailable", "overloaded")


async def test_a_stream_that_breaks_is_told(output: io.StringIO, router: FakeRouter) -> None:
    class Breaking(FakeEngine):
        async def _chunks(self, expert: str, usage: Usage) -> AsyncGenerator[str, None]:
            usage.completion_tokens += 1
            yield f'data: {{"model": "{expert}", "choices": []}}\n\n'
            raise RuntimeError(SECRET)

    async with logging_more(Breaking(), router) as http:
        await http.post(CHAT, json=WHO | {"stream": True})
    line = read_one(output)
    assert (line["status"], line["level"], line["error_type"]) == (200, "warning", "server_error")
    assert SECRET not in output.getvalue()


@pytest.mark.parametrize(("stream", "status"), [(False, 499), (True, 200)])
async def test_a_client_that_goes_is_told(
    app: FastAPI, output: io.StringIO, engine: FakeEngine, stream: bool, status: int
) -> None:
    engine.endless = True
    async with app.router.lifespan_context(app):
        await asyncio.wait_for(call_and_go(app, engine, stream), 60)
    line = read_one(output)
    assert (line["disconnected"], line["status"], line["level"], line["expert"]) == (True, status, "info", "social")
    assert line.get("completion_tokens") == (2 if stream else None)


async def test_probes_are_quiet(http: httpx.AsyncClient, output: io.StringIO, engine: FakeEngine) -> None:
    engine.healthy = False
    for path in ("/live", "/ready", "/metrics"):
        await http.get(path)
    assert not read(output)
    with writing_logs(LogsConfig(level="debug"), output):
        await http.get("/live")
    assert {line["level"] for line in read(output)} == {"debug"}


async def say_secrets(http: httpx.AsyncClient, engine: FakeEngine) -> None:
    """In every place of a request and in every way that it may go wrong."""
    picture = data_url(png())
    asked: list[dict[str, Any]] = [
        {"messages": [{"role": "system", "content": SECRET}, *ask(picture), {"role": "user", "content": SECRET}]},
        {"messages": [{"role": "user", "content": SECRET}], "stream": True, "tools": [{"type": SECRET}]},
        {"messages": [{"role": SECRET, "content": SECRET}], "user": SECRET, SECRET: SECRET},
        {"messages": [{"role": "user", "content": [{"type": SECRET, SECRET: SECRET}]}]},
        {"messages": ask(f"data:image/png;base64,{SECRET}")},
        {"messages": ask(f"https://{SECRET}/a.png")},
        {"messages": SECRET},
        {"messages": WHO["messages"], "routing": {SECRET: SECRET}},
        {"messages": WHO["messages"], "request_id": SECRET},
        {"model": [SECRET]},
    ]
    for failure in (None, RuntimeError(SECRET), KeyError(SECRET), Unavailable("the engine cannot answer now")):
        engine.failure = failure
        for body in asked:
            await http.post(CHAT, json={"model": "auto"} | body, headers={"x-request-id": SECRET})
            await http.post("/v1/route", json=body)
    await http.post(CHAT, content=f"{{{SECRET}", headers={"content-type": "application/json"})
    await http.get(f"/v1/models?{SECRET}", headers={"x-request-id": SECRET, SECRET.replace(" ", "-")[:5]: SECRET})


async def test_nothing_that_was_said_is_written(
    http: httpx.AsyncClient, output: io.StringIO, engine: FakeEngine
) -> None:
    await say_secrets(http, engine)
    assert len(read(output)) == 4 * 10 * 2 + 2
    assert SECRET not in output.getvalue()
    assert "base64" not in output.getvalue()


async def test_with_prompts_the_question_is_written(
    output: io.StringIO, engine: FakeEngine, router: FakeRouter
) -> None:
    async with logging_more(engine, router, prompts=True) as http:
        await http.post(CHAT, json=WHO)
        await http.get("/v1/models")
    asked, other = read(output)
    assert asked["question"] == "who?"
    assert "question" not in other


async def test_what_a_client_names_is_shortened(http: httpx.AsyncClient, output: io.StringIO) -> None:
    await http.post(CHAT, json=WHO | {"model": "m" * 1000})
    await http.get("/" + "p" * 1000)
    named, elsewhere = read(output)
    assert named["model"] == "m" * 128
    assert elsewhere["path"] == "/" + "p" * 127


async def test_lines_of_requests_at_once_do_not_mix(http: httpx.AsyncClient, output: io.StringIO) -> None:
    async def send(number: int) -> None:
        model = ("auto", "spatial", "base")[number % 3]
        body = WHO | {"model": model, "stream": number % 2 == 0}
        await http.post(CHAT, json=body, headers={"x-request-id": str(number)})

    await asyncio.gather(*map(send, range(48)))
    lines = {int(line["request_id"]): line for line in read(output)}
    assert sorted(lines) == list(range(48))
    for number, line in lines.items():
        assert line["model"] == ("auto", "spatial", "base")[number % 3]
        assert line["expert"] == ("social", "spatial", "base")[number % 3]
        assert ("ttft_ms" in line) == (number % 2 == 0)
