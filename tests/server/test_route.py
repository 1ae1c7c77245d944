"""`/v1/route`: decisions and nothing else."""

from typing import Any

import httpx
import pytest

from tests.pictures import ask, data_url, png
from tests.server.fakes import FakeEngine, FakeRouter


async def route(http: httpx.AsyncClient, **body: Any) -> httpx.Response:
    return await http.post("/v1/route", json=body)


async def test_a_conversation_gets_one_decision(http: httpx.AsyncClient, engine: FakeEngine) -> None:
    body = (await route(http, messages=[{"role": "user", "content": "who?"}])).json()
    assert body["gates"] == {"social": 1.0}
    assert set(body) == {
        *("mode", "source", "reason", "gates", "probabilities"),
        *("entropy", "confidence", "typicality", "router_ms"),
    }
    assert not engine.asked


async def test_queries_get_a_decision_each_in_their_order(http: httpx.AsyncClient, router: FakeRouter) -> None:
    queries = [{"question": "who?"}, {"question": "where?", "image": data_url(png())}, {"question": "and who?"}]
    body = (await route(http, queries=queries)).json()
    assert [list(decision["gates"]) for decision in body["data"]] == [["social"], ["spatial"], ["social"]]
    assert [len(query.images) for query in router.queries] == [0, 1, 0]


async def test_wishes_are_heard(http: httpx.AsyncClient) -> None:
    body = (await route(http, queries=[{"question": "who?"}], routing={"deny": ["social"]})).json()
    assert body["data"][0]["gates"] == {"spatial": 1.0}


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "messages"),
        ({"messages": ask(data_url(png())), "queries": [{"question": "who?"}]}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": [{"content": "who?"}]}, "messages.0.role"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages.0.content"),
        ({"messages": ask("https://example.org/a.png")}, "messages.0.content.0.image_url"),
        ({"queries": []}, "queries"),
        ({"queries": [{}]}, "queries.0.question"),
        ({"queries": [{"question": "who?", "colour": "red"}]}, "queries.0.colour"),
        ({"queries": [{"question": "who?", "image": "nothing"}]}, "queries.0.image"),
        ({"queries": [{"question": "who?"}], "routing": {"allow": ["nobody"]}}, "routing.allow"),
        ({"queries": [{"question": "who?"}], "colour": "red"}, "colour"),
        ({"queries": [{"question": "who?"}] * 1025}, "queries"),
    ],
)
async def test_what_cannot_be_routed_is_refused(http: httpx.AsyncClient, body: dict[str, Any], param: str) -> None:
    response = await route(http, **body)
    assert response.status_code == 400
    assert response.json()["error"]["param"] == param
