"""The chat route over fakes: who is asked, what comes back, what is refused."""

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest
from PIL import Image

from molora.engine.interface import Stream
from molora.router.query import Decision
from molora.server.chat import stream
from molora.server.core import Core
from molora.server.record import Record
from tests.pictures import BROKEN_URLS, ask, data_url, png
from tests.server.fakes import FAILURES, PROMPT, FakeEngine, FakeRouter, make_config

WHO = [{"role": "user", "content": "who smiles?"}]


async def chat(http: httpx.AsyncClient, **body: Any) -> httpx.Response:
    return await http.post("/v1/chat/completions", json={"model": "auto", "messages": WHO} | body)


async def refusal(http: httpx.AsyncClient, **body: Any) -> dict[str, Any]:
    response = await chat(http, **body)
    assert response.status_code == 400, response.text
    return check_error(response)


def check_error(response: httpx.Response) -> dict[str, Any]:
    error: dict[str, Any] = response.json()["error"]
    assert set(response.json()) == {"error"}
    assert set(error) == {"message", "type", "param", "code"}
    assert "/work" not in error["message"]
    assert "Traceback" not in error["message"]
    return error


async def test_auto_asks_the_expert_the_router_chose(http: httpx.AsyncClient, engine: FakeEngine) -> None:
    response = await chat(http)
    assert response.json()["model"] == "social"
    assert [expert for expert, _ in engine.asked] == ["social"]
    routing = response.json()["routing"]
    assert routing["gates"] == {"social": 1.0}
    assert (routing["mode"], routing["source"]) == ("top1", "router")
    assert routing["probabilities"] == {"spatial": 0.25, "social": 0.75}


async def test_headers_tell_the_decision(http: httpx.AsyncClient) -> None:
    headers = (await chat(http)).headers
    assert headers["x-molora-expert"] == "social"
    assert headers["x-molora-source"] == "router"
    assert float(headers["x-molora-confidence"]) == 0.75
    assert float(headers["x-molora-router-ms"]) == 1.5


@pytest.mark.parametrize(("headers", "name"), [({"x-request-id": "mine"}, "mine"), ({}, "in-the-body")])
async def test_a_client_may_name_its_request(http: httpx.AsyncClient, headers: dict[str, str], name: str) -> None:
    body = {"model": "auto", "messages": WHO, "request_id": "in-the-body"}
    response = await http.post("/v1/chat/completions", json=body, headers=headers)
    assert response.json()["id"] == name


async def test_others_have_their_turn_between_two_events_of_a_stream() -> None:
    turns = []

    async def ready() -> AsyncGenerator[str, None]:
        for number in range(10):
            turns.append(number)
            yield "data: {}\n\n"

    async def other() -> None:
        while True:
            turns.append(-1)
            await asyncio.sleep(0)

    core, decision = Core(make_config(), FakeEngine(), FakeRouter()), Decision("manual", "manual", {})
    record = Record("POST", "/v1/chat/completions", "a name", is_named=False)
    task = asyncio.ensure_future(other())
    events = [event async for event in stream(core, Stream({}, ready()), decision, 0.0, record)]
    task.cancel()
    assert len(events) == 11
    assert all(-1 in turns[turns.index(number) : turns.index(number + 1)] for number in range(9))


@pytest.mark.parametrize(("model", "gates"), [("spatial", {"spatial": 1.0}), ("base", {})])
async def test_a_named_model_is_asked_as_named(http: httpx.AsyncClient, model: str, gates: dict[str, float]) -> None:
    body = (await chat(http, model=model)).json()
    assert body["model"] == model
    assert body["routing"]["source"] == "manual"
    assert body["routing"]["gates"] == gates


@pytest.mark.parametrize(("gates", "asked"), [({"spatial": 1.0}, "spatial"), ({"base": 1}, "base")])
async def test_gates_choose_by_hand(
    http: httpx.AsyncClient, engine: FakeEngine, gates: dict[str, float], asked: str
) -> None:
    for routing in ({"mode": "manual", "gates": gates}, {"gates": gates}):
        assert (await chat(http, routing=routing)).json()["routing"]["source"] == "manual"
    assert [expert for expert, _ in engine.asked] == [asked, asked]


async def test_deny_leaves_the_others(http: httpx.AsyncClient) -> None:
    assert (await chat(http, routing={"deny": ["social"]})).json()["model"] == "spatial"
    assert (await chat(http, routing={"allow": ["spatial"]})).json()["model"] == "spatial"


@pytest.mark.parametrize(
    ("routing", "param"),
    [
        ({"colour": "red"}, "routing.colour"),
        ({"mode": "fast"}, "routing.mode"),
        ({"mode": "sequential"}, "routing.mode"),
        ({"mode": "soft", "floor": 2}, "routing.floor"),
        ({"mode": "top2", "floor": 0.1}, "routing.floor"),
        ({"temperature": 0}, "routing.temperature"),
        ({"temperature": "nan"}, "routing.temperature"),
        ({"temperature": "warm"}, "routing.temperature"),
        ({"temperature": "1"}, "routing.temperature"),
        ({"temperature": True}, "routing.temperature"),
        ({"allow": ["nobody"]}, "routing.allow"),
        ({"allow": []}, "routing.allow"),
        ({"allow": "social"}, "routing.allow"),
        ({"deny": ["nobody"]}, "routing.deny"),
        ({"deny": ["spatial", "social"]}, "routing.deny"),
        ({"gates": {"nobody": 1}}, "routing.gates"),
        ({"gates": {"spatial": 0, "social": 0}}, "routing.gates"),
        ({"gates": {"spatial": 0.5, "base": 0.5}}, "routing.gates"),
        ({"gates": {"spatial": "nan"}}, "routing.gates"),
        ({"gates": {"spatial": True}}, "routing.gates"),
        ({"mode": "manual"}, "routing.gates"),
        ({"mode": "top1", "gates": {"spatial": 1}}, "routing.gates"),
        ({"top_k": 1}, "routing.top_k"),
        ({"mode": "soft", "top_k": 0}, "routing.top_k"),
        ({"mode": "soft", "top_k": 1.5}, "routing.top_k"),
        ({"mode": "soft", "top_k": True}, "routing.top_k"),
        ({"agent": "social"}, "routing.agent"),
        ({"agent": {}}, "routing.agent.expert"),
        ({"agent": {"expert": "nobody"}}, "routing.agent.expert"),
        ({"agent": {"expert": "social"}, "deny": ["social"]}, "routing.agent.expert"),
        ({"agent": {"expert": "social", "confidence": 0}}, "routing.agent.confidence"),
        ({"agent": {"expert": "social", "confidence": 1.1}}, "routing.agent.confidence"),
        ({"agent": {"expert": "social"}, "gates": {"social": 1}}, "routing.agent"),
        ({"prior": [1, 2]}, "routing.prior"),
        ({"prior": {"social": -1}}, "routing.prior.social"),
        ({"prior": {"nobody": 1}}, "routing.prior"),
        ({"prior": {"spatial": 0, "social": 0}}, "routing.prior"),
        ({"sticky": 2}, "routing.sticky"),
        ({"mode": "soft", "sticky": 0.5}, "routing.sticky"),
        (5, "routing"),
    ],
)
async def test_a_wish_that_cannot_be_met_is_refused(http: httpx.AsyncClient, routing: Any, param: str) -> None:
    assert (await refusal(http, routing=routing))["param"].startswith(param)


async def test_routing_beside_a_named_model_is_refused(http: httpx.AsyncClient) -> None:
    assert (await refusal(http, model="spatial", routing={"deny": ["social"]}))["param"] == "routing"
    assert (await chat(http, model="spatial", routing={})).status_code == 200


async def test_an_unknown_model_is_not_found(http: httpx.AsyncClient) -> None:
    response = await chat(http, model="gpt-5")
    assert response.status_code == 404
    assert check_error(response)["code"] == "model_not_found"


@pytest.mark.parametrize("model", [None, "", 5, ["auto"]])
async def test_a_model_must_be_named(http: httpx.AsyncClient, model: Any) -> None:
    assert (await refusal(http, model=model))["param"] == "model"


async def test_auto_needs_a_question(http: httpx.AsyncClient) -> None:
    messages = [{"role": "system", "content": "Be brief."}]
    assert (await refusal(http, messages=messages))["param"] == "messages"
    assert (await chat(http, model="base", messages=messages)).status_code == 200


@pytest.mark.parametrize(
    "messages",
    [
        [],
        None,
        "hello",
        ["hello"],
        [{"role": "user", "content": [5]}],
        [{"role": "user", "content": [{"type": "text"}]}],
        [{"role": "user", "content": [{"type": "text", "text": 5}]}],
        [{"role": "user", "content": {"type": "text", "text": "a"}}],
        [{"role": "user", "content": [{"type": "video_url", "video_url": {"url": "https://example.org/a.mp4"}}]}],
        [{"role": "user", "content": [{"type": "image_embeds", "image_embeds": "AAAA"}]}],
        [{"role": "user", "content": [{"image_url": "https://example.org/a.png", "uuid": "1"}]}],
        [{"role": "user", "content": [{"type": ["text"], "text": "a"}]}],
    ],
)
async def test_what_is_no_conversation_is_refused(http: httpx.AsyncClient, messages: Any) -> None:
    assert (await refusal(http, messages=messages))["param"].startswith("messages")


@pytest.mark.parametrize("url", BROKEN_URLS.values(), ids=BROKEN_URLS)
async def test_a_broken_picture_is_refused(http: httpx.AsyncClient, engine: FakeEngine, url: Any) -> None:
    assert (await refusal(http, messages=ask(url)))["param"] == "messages.0.content.0.image_url"
    assert not engine.asked


async def test_a_picture_reaches_engine_and_router_decoded(
    http: httpx.AsyncClient, engine: FakeEngine, router: FakeRouter
) -> None:
    picture = Image.new("RGBA", (30, 20), (255, 0, 0, 128))
    await chat(http, messages=ask(data_url(png(picture))))
    (_, messages), (query,) = engine.asked[0], router.queries
    part = messages[0]["content"][0]
    assert part["type"] == "image_pil"
    assert (part["image_pil"].mode, part["image_pil"].size) == ("RGB", (30, 20))
    assert query.images == (part["image_pil"],)
    assert query.text == "where is it?"


async def test_the_last_user_message_is_the_question(http: httpx.AsyncClient, router: FakeRouter) -> None:
    turns = [*WHO, {"role": "assistant", "content": "Ann."}, {"role": "user", "content": "where?"}]
    await chat(http, messages=turns)
    assert router.queries[0].text == "where?"


async def test_an_expert_brings_its_system_prompt(http: httpx.AsyncClient, engine: FakeEngine) -> None:
    await chat(http)
    assert engine.asked[0][1][0] == {"role": "system", "content": PROMPT}


@pytest.mark.parametrize("role", ["system", "developer"])
async def test_the_clients_system_message_wins(http: httpx.AsyncClient, engine: FakeEngine, role: str) -> None:
    messages = [{"role": role, "content": "Mine."}, *WHO]
    await chat(http, messages=messages)
    assert engine.asked[0][1] == messages


async def test_base_has_no_system_prompt(http: httpx.AsyncClient, engine: FakeEngine) -> None:
    await chat(http, model="base")
    assert engine.asked[0][1] == WHO


async def test_the_first_chunk_of_a_stream_carries_the_decision(http: httpx.AsyncClient) -> None:
    response = await chat(http, stream=True)
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.headers["x-molora-expert"] == "social"
    first, second, done = response.text.strip().split("\n\n")
    assert json.loads(first.removeprefix("data: "))["routing"]["gates"] == {"social": 1.0}
    assert "routing" not in json.loads(second.removeprefix("data: "))
    assert done == "data: [DONE]"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("failure", "status"), FAILURES)
async def test_the_engines_refusals_reach_the_client(
    http: httpx.AsyncClient, engine: FakeEngine, failure: Exception, status: int, stream: bool
) -> None:
    engine.failure = failure
    response = await chat(http, stream=stream)
    assert response.status_code == status
    assert check_error(response)["message"] == str(failure)


async def test_a_bug_is_answered_without_its_traceback(http: httpx.AsyncClient, engine: FakeEngine) -> None:
    engine.failure = RuntimeError("/work/secret.py")
    response = await chat(http)
    assert response.status_code == 500
    assert check_error(response)["message"] == "internal error"


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (b"{", "application/json"),
        (b"", "application/json"),
        (b"[]", "application/json"),
        (b"null", "application/json"),
        (b"\xff\xfe", "application/json"),
        (b"[" * 100_000, "application/json"),
        (b'{"model": "auto", "messages": [{"role": "user", "content": "\\ud800"}]}', "application/json"),
        (b'{"model": "auto", "max_tokens": ' + b"9" * 5000 + b"}", "application/json"),
        (b'{"model": "auto"}', "text/plain"),
        (b'{"model": "auto"}', "multipart/form-data"),
    ],
)
async def test_a_body_that_is_no_json_object_is_refused(
    http: httpx.AsyncClient, content: bytes, content_type: str
) -> None:
    headers = {"content-type": content_type}
    response = await http.post("/v1/chat/completions", content=content, headers=headers)
    assert response.status_code == 400
    check_error(response)


async def test_a_body_without_a_type_is_refused(http: httpx.AsyncClient) -> None:
    assert (await http.post("/v1/chat/completions", content=b"{}")).status_code == 400
