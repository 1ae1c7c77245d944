"""A router that fails, is late or talks nonsense: the fallback answers, marked and counted, or nobody does."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from molora.config import RouterConfig
from molora.errors import Unavailable
from molora.router.features import Features
from molora.router.query import Decision, Query, Wishes
from molora.router.router import Router
from molora.router.scoring import Scorer
from molora.server.app import create_app
from tests.router.fakes import FakeEncoder, make_head
from tests.server.fakes import FakeEngine, FakeRouter, calling, make_config

BODY = {"model": "auto", "messages": [{"role": "user", "content": "who?"}]}
LATE = None


@dataclass
class Failing(FakeRouter):
    """Where nobody chose by hand; without a failure it never comes to an end."""

    fault: Unavailable | None = LATE

    async def route(self, query: Query, wishes: Wishes) -> Decision:
        if wishes.gates is None:
            if self.fault:
                raise self.fault
            await asyncio.Event().wait()
        return await super().route(query, wishes)


@asynccontextmanager
async def serving(router: Any, fallback: str | None) -> AsyncIterator[httpx.AsyncClient]:
    section = RouterConfig(head=Path("head.safetensors"), timeout_s=0.2, fallback=fallback)
    async with calling(create_app(make_config(router=section), FakeEngine(), router)) as http:
        yield http


async def ask(http: httpx.AsyncClient, **body: Any) -> httpx.Response:
    async with asyncio.timeout(30):
        return await http.post("/v1/chat/completions", json=BODY | body)


@pytest.mark.parametrize("fault", [LATE, Unavailable("the router has stopped")], ids=["late", "fails"])
@pytest.mark.parametrize("fallback", ["social", "base"])
async def test_the_fallback_answers_is_marked_and_counted(fallback: str, fault: Unavailable | None) -> None:
    async with serving(Failing(fault=fault), fallback) as http:
        response = await ask(http)
        routing = response.json()["routing"]
        assert (response.json()["model"], routing["source"], routing["confidence"]) == (fallback, "fallback", 0.0)
        assert (routing["reason"], routing["typicality"]) == ("failed", None)
        assert response.headers["x-molora-source"] == "fallback"
        alone = (await http.post("/v1/route", json={"messages": BODY["messages"]})).json()
        assert (alone["source"], alone["gates"]) == ("fallback", routing["gates"])
        counted = f'molora_requests_total{{expert="{fallback}",source="fallback"}} 1.0'
        metrics = (await http.get("/metrics")).text
        assert counted in metrics
        assert 'molora_routing_reasons_total{reason="failed"} 2.0' in metrics


@pytest.mark.parametrize("fault", [LATE, Unavailable("the router has stopped")], ids=["late", "fails"])
async def test_without_a_fallback_nobody_answers(fault: Unavailable | None) -> None:
    async with serving(Failing(fault=fault), None) as http:
        response = await ask(http)
        assert (response.status_code, response.json()["error"]["type"]) == (503, "service_unavailable")
        assert int(response.headers["retry-after"]) > 0


@pytest.mark.parametrize("fallback", [None, "social"])
async def test_an_agents_expert_answers_before_the_fallback(fallback: str | None) -> None:
    async with serving(Failing(), fallback) as http:
        routing = (await ask(http, routing={"agent": {"expert": "spatial"}})).json()["routing"]
        assert (routing["source"], routing["reason"], routing["gates"]) == ("agent", "failed", {"spatial": 1.0})
        assert (await ask(http, routing={"agent": {"expert": "nobody"}})).status_code == 400


async def test_who_chooses_by_hand_needs_no_router() -> None:
    async with serving(Failing(), None) as http:
        assert (await ask(http, model="spatial")).json()["routing"]["source"] == "manual"


@pytest.mark.parametrize(
    ("fallback", "wishes"),
    [("social", {"deny": ["social"]}), ("social", {"allow": ["spatial"]}), ("base", {"allow": ["spatial", "social"]})],
)
async def test_a_fallback_that_is_not_admitted_does_not_answer(fallback: str, wishes: dict[str, Any]) -> None:
    async with serving(Failing(), fallback) as http:
        assert (await ask(http, routing=wishes)).status_code == 503
        assert (await ask(http, routing={"deny": ["spatial"]})).json()["model"] == fallback


@dataclass
class Nonsense(FakeEncoder):
    """After its first text, which warms it up."""

    kind: str = "nan"
    warm: bool = False

    def encode(self, queries: Sequence[Query]) -> Features:
        features, warm, self.warm = super().encode(queries), self.warm, True
        text = features.text
        spoilt = {"nan": text * np.nan, "few": text[:0], "wide": np.tile(text, 2), "none": text[0, 0]}
        return features._replace(text=spoilt[self.kind]) if warm else features


@pytest.mark.parametrize("kind", ["nan", "few", "wide", "none"])
async def test_nonsense_of_the_encoder_is_no_decision(kind: str) -> None:
    head = make_head()
    router = Router(Scorer(Nonsense(kind=kind), head), head.classes)
    async with serving(router, "social") as http:
        assert (await ask(http)).json()["routing"]["source"] == "fallback"
