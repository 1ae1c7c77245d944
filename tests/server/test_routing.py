"""The `routing` of a request over HTTP and a real router: agents, priors, doubt and conversations.

Its head is sure that "who" is social and "where" spatial; of "why" it knows nothing.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from molora.config import RouterConfig
from molora.router.query import Query
from molora.router.router import Router
from molora.router.scoring import Reading, Scorer
from molora.server.app import create_app
from tests.pictures import data_url, png
from tests.router.fakes import FakeEncoder, make_head
from tests.server.fakes import FakeEngine, calling, make_config


class Noticing(Scorer):
    """A question that says it is odd is."""

    def score(self, queries: Sequence[Query]) -> list[Reading]:
        odd = ["odd" in query.text for query in queries]
        return [
            reading._replace(typicality=0.001 if is_odd else 0.5)
            for reading, is_odd in zip(super().score(queries), odd, strict=True)
        ]


@asynccontextmanager
async def serving(encoder: FakeEncoder | None = None, **rules: Any) -> AsyncIterator[httpx.AsyncClient]:
    section, encoder = RouterConfig(head=Path("head.safetensors"), **rules), encoder or FakeEncoder()
    head = make_head(looks=encoder.looks)
    router = Router(Noticing(encoder, head), head.classes, rules=section)
    async with calling(create_app(make_config(router=section), FakeEngine(), router)) as http:
        yield http


async def route(http: httpx.AsyncClient, *turns: str, **routing: Any) -> dict[str, Any]:
    messages: list[dict[str, str]] = []
    for turn in turns:
        messages += [{"role": "user", "content": turn}, {"role": "assistant", "content": "So."}]
    response = await http.post("/v1/route", json={"messages": messages[:-1], "routing": routing})
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


def answered(body: dict[str, Any]) -> tuple[str, str | None, list[str]]:
    return body["source"], body["reason"], list(body["gates"])


async def test_an_agent_as_prior_shifts_the_probabilities_and_the_router_chooses() -> None:
    async with serving() as http:
        alone = await route(http, "who?")
        doubted = await route(http, "who?", agent={"expert": "spatial", "confidence": 0.6})
        certain = await route(http, "who?", agent={"expert": "spatial"})
    assert [answered(body) for body in (alone, doubted)] == [("router", None, ["social"])] * 2
    assert doubted["probabilities"]["spatial"] > alone["probabilities"]["spatial"]
    assert (answered(certain), certain["confidence"]) == (("router", None, ["spatial"]), 1.0)


@pytest.mark.parametrize(
    ("veto", "question", "answer"),
    [
        (0.7, "who?", ("agent", "vetoed", ["spatial", "social"])),
        (0.99, "who?", ("agent", None, ["spatial"])),
        (0.7, "where?", ("agent", None, ["spatial"])),
        (0.7, "who is odd?", ("agent", None, ["spatial"])),
    ],
)
async def test_an_agent_that_overrides_answers_unless_it_is_vetoed(
    veto: float, question: str, answer: tuple[str, str | None, list[str]]
) -> None:
    async with serving(agent={"policy": "override", "veto": veto}) as http:
        body = await route(http, question, agent={"expert": "spatial", "confidence": 0.5})
    assert answered(body) == answer
    assert sum(body["gates"].values()) == pytest.approx(1)


async def test_a_prior_and_top_k_are_heard() -> None:
    async with serving() as http:
        assert (await route(http, "who?", prior={"spatial": 100}))["gates"] == {"spatial": 1.0}
        assert (await route(http, "who?", mode="soft", top_k=1))["gates"] == {"social": 1.0}
        assert len((await route(http, "who?", mode="soft", top_k=9))["gates"]) == 2


async def test_an_odd_question_and_an_unsure_router_are_told_marked_and_counted() -> None:
    async with serving(min_confidence=0.6, fallback="social") as http:
        odd, unsure = await route(http, "who is odd?"), await route(http, "why?")
        chosen = await route(http, "who is odd?", allow=["spatial", "social"])
        messages = [{"role": "user", "content": "odd"}]
        answer = await http.post("/v1/chat/completions", json={"model": "auto", "messages": messages})
        metrics = (await http.get("/metrics")).text
    assert (answered(odd), odd["typicality"]) == (("fallback", "unlike", []), 0.001)
    assert odd["confidence"] == max(odd["probabilities"].values()) > 0.6
    assert answered(unsure) == ("fallback", "unsure", ["social"])
    assert answered(chosen) == ("router", None, ["social"])
    assert (answer.json()["model"], answer.headers["x-molora-source"]) == ("base", "fallback")
    assert 'molora_requests_total{expert="base",source="fallback"} 1.0' in metrics
    assert 'molora_routing_reasons_total{reason="unlike"} 2.0' in metrics
    assert 'molora_routing_reasons_total{reason="unsure"} 1.0' in metrics
    assert "molora_router_seconds_count 4.0" in metrics


async def test_a_sticky_conversation_keeps_its_expert_and_is_read_in_one_batch() -> None:
    encoder = FakeEncoder()
    async with serving(encoder, sticky=0.2) as http:
        kept = await route(http, "where?", "who?", "why?")
        free = await route(http, "where?", "who?", "why?", sticky=0)
        moved = await route(http, "who?", "why?", "where?")
    assert answered(kept) == ("router", "sticky", ["social"])
    assert answered(free) == ("router", None, ["spatial"])
    assert answered(moved) == ("router", None, ["spatial"])
    assert encoder.batches == [[""], ["where?", "who?", "why?"]]


@pytest.mark.parametrize("question", ["", " \n\t"])
async def test_an_empty_question_goes_to_base(question: str) -> None:
    async with serving() as http:
        body = await route(http, question)
        assert (answered(body), body["typicality"]) == (("fallback", "unlike", []), 0.0)
        assert (await route(http, question, allow=["social"]))["gates"] == {"social": 1.0}


@pytest.mark.parametrize(("looks", "source"), [(False, "fallback"), (True, "router")])
async def test_a_picture_alone_is_a_question_to_an_encoder_that_looks(looks: bool, source: str) -> None:
    query = {"question": "", "image": data_url(png())}
    async with serving(FakeEncoder(looks=looks)) as http:
        body = (await http.post("/v1/route", json={"queries": [query]})).json()
    assert body["data"][0]["source"] == source


async def test_a_question_of_ten_thousand_words_is_answered() -> None:
    async with serving() as http:
        assert (await route(http, "who " * 10_000))["gates"] == {"social": 1.0}
