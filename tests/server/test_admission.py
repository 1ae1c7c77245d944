"""No more at once than there are places, each client its share, and every place is given back."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st

from molora.config import LoadConfig
from molora.errors import MoloraError, Overloaded, TooManyRequests
from molora.server.admission import Places
from molora.server.app import create_app
from molora.server.keys import API_KEYS
from tests.server.fakes import FakeEngine, FakeRouter, calling, make_config
from tests.server.test_disconnect import call_and_go
from tests.server.test_metrics import read

WHO = {"model": "auto", "messages": [{"role": "user", "content": "who?"}]}
CHAT = "/v1/chat/completions"


def take(places: Places, client: str, num: int) -> ExitStack:
    stack = ExitStack()
    for _ in range(num):
        stack.enter_context(places.one(client))
    return stack


def test_what_is_over_comes_in_when_a_place_is_free() -> None:
    places = Places(LoadConfig(max_requests=3))
    with take(places, "ann", 3):
        with pytest.raises(Overloaded) as caught:
            take(places, "ann", 1)
        assert caught.value.headers == {"retry-after": "1"}
    with take(places, "ann", 3):
        pass


def test_one_client_may_have_no_more_than_its_own() -> None:
    places = Places(LoadConfig(max_requests=9, max_per_key=2))
    with take(places, "ann", 2), pytest.raises(TooManyRequests), take(places, "ann", 1):
        pass
    with take(places, "ann", 2), take(places, "bob", 2):
        pass


def test_who_has_less_than_a_share_is_not_kept_out_by_who_has_more() -> None:
    places = Places(LoadConfig(max_requests=4))
    with take(places, "ann", 4), take(places, "bob", 2):
        for client in ("ann", "bob"):
            with pytest.raises(Overloaded):
                take(places, client, 1)
        with take(places, "eve", 1), pytest.raises(Overloaded):
            take(places, "eve", 1)


def test_who_is_over_its_share_waits_until_it_is_not() -> None:
    places = Places(LoadConfig(max_requests=4))
    ann = take(places, "ann", 3)
    with take(places, "ann", 1), take(places, "bob", 1):
        ann.close()
        with take(places, "ann", 2), take(places, "bob", 1), pytest.raises(Overloaded):
            take(places, "ann", 1)


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.booleans()), max_size=200), st.integers(1, 6))
def test_places_are_bounded_and_all_come_back(steps: list[tuple[str, bool]], most: int) -> None:
    places = Places(LoadConfig(max_requests=most))
    stacks: dict[str, list[ExitStack]] = {}
    for client, comes in steps:
        held = stacks.setdefault(client, [])
        if comes:
            others = {name for name, has in stacks.items() if has} | {client}
            try:
                held.append(take(places, client, 1))
            except MoloraError:
                assert sum(map(len, stacks.values())) >= most
                assert len(held) + 1 > most / len(others) or sum(map(len, stacks.values())) == 2 * most
        elif held:
            held.pop().close()
        assert places.held.total() == sum(map(len, stacks.values())) <= 2 * most
    for held in stacks.values():
        for stack in held:
            stack.close()
    assert not places.held


@pytest.fixture
def one_place(engine: FakeEngine, router: FakeRouter) -> FastAPI:
    return create_app(make_config(load=LoadConfig(max_requests=1)), engine, router)


async def while_one_is_answered(
    http: httpx.AsyncClient, engine: FakeEngine, work: Callable[[], Awaitable[None]]
) -> None:
    engine.endless = True
    answer = asyncio.ensure_future(http.post(CHAT, json=WHO))
    await engine.called.wait()
    await work()
    answer.cancel()
    await asyncio.gather(answer, return_exceptions=True)
    engine.endless = False


@pytest.mark.parametrize(
    ("load", "status", "kind"),
    [
        (LoadConfig(max_requests=1), 503, "service_unavailable"),
        (LoadConfig(max_per_key=1), 429, "rate_limit_error"),
    ],
)
async def test_a_refusal_says_when_to_come_again(
    engine: FakeEngine, router: FakeRouter, load: LoadConfig, status: int, kind: str
) -> None:
    async with calling(create_app(make_config(load=load), engine, router)) as http:

        async def come_too() -> None:
            for path in (CHAT, "/v1/route"):
                response = await http.post(path, json=WHO)
                assert (response.status_code, response.headers["retry-after"]) == (status, "1")
                assert response.json()["error"]["type"] == kind
            assert (await http.get("/ready")).status_code == 200
            assert (await http.get("/v1/models")).status_code == 200

        await while_one_is_answered(http, engine, come_too)
        assert (await http.post(CHAT, json=WHO)).status_code == 200
        counts = await read(http)
        name = f'molora_client_requests_turned_away_total{{client="anyone",status="{status}"}}'
        assert counts[name] == 2
        assert counts['molora_client_requests_total{client="anyone"}'] == 2


async def test_another_key_is_served_and_counted_by_its_name(
    engine: FakeEngine, router: FakeRouter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(API_KEYS, "ann:a,bob:b")
    async with calling(create_app(make_config(load=LoadConfig(max_requests=2)), engine, router)) as http:
        http.headers["authorization"] = "Bearer a"

        async def bob_comes() -> None:
            engine.endless = False
            response = await http.post(CHAT, json=WHO, headers={"authorization": "Bearer b"})
            assert response.status_code == 200

        await while_one_is_answered(http, engine, bob_comes)
        counts = await read(http)
        assert counts['molora_client_requests_total{client="ann"}'] == 1
        assert counts['molora_client_requests_total{client="bob"}'] == 1


@pytest.mark.parametrize("body", [WHO, WHO | {"stream": True}, {"model": "nobody"}, {"model": "auto"}])
@pytest.mark.parametrize("failure", [None, RuntimeError()])
async def test_a_place_is_free_again_however_a_request_ends(
    one_place: FastAPI, engine: FakeEngine, body: Any, failure: Exception | None
) -> None:
    engine.failure = failure
    async with calling(one_place) as http:
        statuses = {(await http.post(CHAT, json=body)).status_code for _ in range(3)}
        statuses.add((await http.post(CHAT, content=b"{")).status_code)
    assert 503 not in statuses


@pytest.mark.parametrize("stream", [False, True])
async def test_a_client_that_goes_leaves_its_place(one_place: FastAPI, engine: FakeEngine, stream: bool) -> None:
    engine.endless = True
    async with calling(one_place) as http:
        await asyncio.wait_for(call_and_go(one_place, engine, stream), 60)
        engine.endless = False
        assert (
            await http.post(CHAT, content=json.dumps(WHO), headers={"content-type": "application/json"})
        ).status_code == 200
