"""What `/metrics` counts."""

import httpx

from tests.server.fakes import FakeEngine

WHO = {"model": "auto", "messages": [{"role": "user", "content": "who?"}]}


async def read(http: httpx.AsyncClient) -> dict[str, float]:
    lines = (await http.get("/metrics")).text.splitlines()
    return {name: float(value) for name, _, value in (x.rpartition(" ") for x in lines if x.startswith("molora_"))}


async def test_requests_are_counted_by_expert_and_source(http: httpx.AsyncClient) -> None:
    for model in ("auto", "auto", "spatial", "base"):
        await http.post("/v1/chat/completions", json=WHO | {"model": model})
    counts = await read(http)
    assert counts['molora_requests_total{expert="social",source="router"}'] == 2
    assert counts['molora_requests_total{expert="spatial",source="manual"}'] == 1
    assert counts['molora_requests_total{expert="base",source="manual"}'] == 1
    assert counts['molora_request_seconds_count{expert="social"}'] == 2


async def test_only_what_the_router_decided_is_timed_as_routing(http: httpx.AsyncClient) -> None:
    await http.post("/v1/chat/completions", json=WHO)
    await http.post("/v1/chat/completions", json=WHO | {"model": "spatial"})
    await http.post("/v1/route", json={"queries": [{"question": "who?"}]})
    counts = await read(http)
    assert counts["molora_router_seconds_count"] == 2
    assert counts["molora_gate_entropy_nats_count"] == 2


async def test_a_stream_has_a_first_chunk_and_an_end(http: httpx.AsyncClient) -> None:
    await http.post("/v1/chat/completions", json=WHO | {"stream": True})
    counts = await read(http)
    assert counts['molora_ttft_seconds_count{expert="social"}'] == 1
    assert counts['molora_request_seconds_count{expert="social"}'] == 1


async def test_nothing_stays_in_flight(http: httpx.AsyncClient, engine: FakeEngine) -> None:
    await http.post("/v1/chat/completions", json=WHO)
    await http.post("/v1/chat/completions", json={"model": "nobody"})
    engine.failure = RuntimeError()
    await http.post("/v1/chat/completions", json=WHO)
    assert (await read(http))["molora_requests_in_flight"] == 0


async def test_a_refused_request_counts_for_no_expert(http: httpx.AsyncClient) -> None:
    await http.post("/v1/chat/completions", json=WHO | {"routing": {"deny": ["nobody"]}})
    assert not [name for name in await read(http) if name.startswith("molora_requests_total")]
