"""A request's name: taken from the client where it is sound, on every answer, and nothing else depends on it."""

import asyncio
from typing import Any

import httpx
import pytest

from molora.server.app import create_app
from molora.server.keys import API_KEYS
from tests.server.fakes import FakeEngine, FakeRouter, calling, make_config

CHAT = "/v1/chat/completions"
WHO: dict[str, Any] = {"model": "auto", "messages": [{"role": "user", "content": "who?"}]}
SOUND = ("mine", "A" * 128, "0", "req_1:2.3-4/5+6=7@8", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
MODELS = ("spatial", "social", "base")
UNSOUND = ("", "A" * 129, "two words", 'quo"te', "tab\tbed", "back\\slash", "<b>", "a,b", "a;b", "né", "%0a")


async def name_of(http: httpx.AsyncClient, given: str) -> str:
    """What the server calls a request that its client calls `given`."""
    response = await http.get("/live", headers=[(b"x-request-id", given.encode())])
    assert response.headers.get_list("x-request-id") == [response.headers["x-request-id"]]
    return response.headers["x-request-id"]


@pytest.mark.parametrize("given", SOUND)
async def test_a_sound_name_is_the_clients(http: httpx.AsyncClient, given: str) -> None:
    assert await name_of(http, given) == given


@pytest.mark.parametrize("given", UNSOUND)
async def test_one_that_is_not_sound_is_replaced(http: httpx.AsyncClient, given: str) -> None:
    name = await name_of(http, given)
    assert len(name) == 32
    assert name.isalnum()


async def test_no_two_requests_are_given_one_name(http: httpx.AsyncClient) -> None:
    names = [(await http.get("/live")).headers["x-request-id"] for _ in range(20)]
    assert len(set(names)) == 20


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/live", None, 200),
        ("GET", "/ready", None, 200),
        ("GET", "/metrics", None, 200),
        ("GET", "/v1/models", None, 200),
        ("POST", "/v1/route", {"queries": [{"question": "who?"}]}, 200),
        ("POST", CHAT, WHO, 200),
        ("POST", CHAT, WHO | {"stream": True}, 200),
        ("POST", CHAT, WHO | {"model": "nobody"}, 404),
        ("POST", CHAT, WHO | {"messages": []}, 400),
        ("GET", "/nowhere", None, 404),
        ("DELETE", CHAT, None, 405),
        ("GET", "/v1/experts", None, 403),
    ],
)
async def test_every_answer_carries_it(
    http: httpx.AsyncClient, method: str, path: str, body: dict[str, Any] | None, status: int
) -> None:
    response = await http.request(method, path, json=body, headers={"x-request-id": "mine"})
    assert response.status_code == status
    assert response.headers["x-request-id"] == "mine"


async def test_so_does_the_answer_to_a_bug(http: httpx.AsyncClient, engine: FakeEngine) -> None:
    engine.failure = RuntimeError("a bug")
    response = await http.post(CHAT, json=WHO, headers={"x-request-id": "mine"})
    assert (response.status_code, response.headers["x-request-id"]) == (500, "mine")


async def test_so_does_the_answer_to_who_has_no_key(
    monkeypatch: pytest.MonkeyPatch, engine: FakeEngine, router: FakeRouter
) -> None:
    monkeypatch.setenv(API_KEYS, "a key")
    async with calling(create_app(make_config(), engine, router)) as http:
        response = await http.post(CHAT, json=WHO, headers={"x-request-id": "mine"})
    assert (response.status_code, response.headers["x-request-id"]) == (401, "mine")


async def test_the_engine_is_told_the_name(http: httpx.AsyncClient, engine: FakeEngine) -> None:
    for headers in ({"x-request-id": "mine"}, {"x-request-id": "not sound"}, {}):
        response = await http.post(CHAT, json=WHO, headers=headers)
        assert engine.requests[-1]["request_id"] == response.headers["x-request-id"]


async def test_the_bodys_name_counts_where_no_header_gives_one(http: httpx.AsyncClient) -> None:
    body = WHO | {"request_id": "in-the-body"}
    assert (await http.post(CHAT, json=body)).headers["x-request-id"] == "in-the-body"
    unsound = await http.post(CHAT, json=body, headers={"x-request-id": "not sound"})
    assert unsound.headers["x-request-id"] == "in-the-body"
    sound = await http.post(CHAT, json=body, headers={"x-request-id": "mine"})
    assert (sound.headers["x-request-id"], sound.json()["id"]) == ("mine", "mine")


@pytest.mark.parametrize("headers", [{}, {"x-request-id": "mine"}])
@pytest.mark.parametrize("given", [*UNSOUND, 5, ["mine"]])
async def test_one_in_the_body_that_is_not_sound_is_refused(
    http: httpx.AsyncClient, engine: FakeEngine, given: Any, headers: dict[str, str]
) -> None:
    response = await http.post(CHAT, json=WHO | {"request_id": given}, headers=headers)
    assert response.status_code == 400
    assert response.json()["error"]["param"] == "request_id"
    assert response.headers["x-request-id"] != given
    assert not engine.asked


async def test_requests_of_one_name_are_answered_each(http: httpx.AsyncClient) -> None:
    asked = [http.post(CHAT, json=WHO | {"model": model}, headers={"x-request-id": "mine"}) for model in MODELS]
    answers = await asyncio.gather(*asked)
    assert [answer.json()["model"] for answer in answers] == list(MODELS)
    assert {answer.headers["x-request-id"] for answer in answers} == {"mine"}
