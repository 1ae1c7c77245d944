"""A chat request is one trace: the request, the decision, the engine; and the client's own where it has one."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode, get_current_span

from molora.server.app import create_app
from tests.server.fakes import FAILURES, FakeEngine, FakeRouter, calling, make_config
from tests.server.test_disconnect import call_and_go

CHAT = "/v1/chat/completions"
SERVER = f"POST {CHAT}"
SECRET = "what the client said"
WHO: dict[str, Any] = {"model": "auto", "messages": [{"role": "user", "content": "who?"}]}
TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def traced(engine: FakeEngine, router: FakeRouter, exporter: InMemorySpanExporter) -> FastAPI:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return create_app(make_config(), engine, router, provider.get_tracer("tests"))


@pytest.fixture
async def http(traced: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with calling(traced) as client:
        yield client


def by_name(spans: Sequence[ReadableSpan]) -> dict[str, ReadableSpan]:
    named = {span.name: span for span in spans}
    assert len(named) == len(spans)
    return named


def own_id(span: ReadableSpan) -> int:
    assert span.context
    return int(span.context.span_id)


def parent_id(span: ReadableSpan) -> int | None:
    return span.parent and span.parent.span_id


@pytest.mark.parametrize("stream", [False, True])
async def test_a_request_is_a_span_with_its_parts_within(
    http: httpx.AsyncClient, exporter: InMemorySpanExporter, stream: bool
) -> None:
    await http.post(CHAT, json=WHO | {"stream": stream}, headers={"x-request-id": "mine"})
    spans = by_name(exporter.get_finished_spans())
    assert set(spans) == {SERVER, "router", "engine"}
    server = spans[SERVER]
    assert (server.kind, server.parent) == (SpanKind.SERVER, None)
    assert dict(server.attributes or {}) == {
        "http.request.method": "POST",
        "http.route": CHAT,
        "http.response.status_code": 200,
        "url.path": CHAT,
        "url.scheme": "http",
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "molora",
        "gen_ai.request.model": "auto",
        "gen_ai.response.model": "social",
        "gen_ai.usage.input_tokens": 7,
        "gen_ai.usage.output_tokens": 2,
        "molora.request_id": "mine",
        "molora.client": "anyone",
        "molora.source": "router",
        "molora.gates": '{"social": 1.0}',
    }
    for part in (spans["router"], spans["engine"]):
        assert parent_id(part) == own_id(server)
        assert server.start_time <= part.start_time <= part.end_time <= server.end_time  # type: ignore[operator]
    assert spans["router"].end_time <= spans["engine"].start_time  # type: ignore[operator]


async def test_the_clients_trace_is_gone_on_with(http: httpx.AsyncClient, exporter: InMemorySpanExporter) -> None:
    await http.post(CHAT, json=WHO, headers={"traceparent": f"00-{TRACE}-{PARENT}-01"})
    spans = exporter.get_finished_spans()
    assert {format(span.context.trace_id, "032x") for span in spans if span.context} == {TRACE}
    assert parent_id(by_name(spans)[SERVER]) == int(PARENT, 16)


@pytest.mark.parametrize("given", ["", "00", f"00-{TRACE}-{'0' * 16}-01", f"00-{TRACE}-{PARENT}-zz", "x" * 5000])
async def test_what_is_no_trace_begins_a_new_one(
    http: httpx.AsyncClient, exporter: InMemorySpanExporter, given: str
) -> None:
    assert (await http.post(CHAT, json=WHO, headers={"traceparent": given})).status_code == 200
    assert by_name(exporter.get_finished_spans())[SERVER].parent is None


async def test_who_is_not_sampled_is_not_traced(http: httpx.AsyncClient, exporter: InMemorySpanExporter) -> None:
    assert (await http.post(CHAT, json=WHO, headers={"traceparent": f"00-{TRACE}-{PARENT}-00"})).status_code == 200
    assert not exporter.get_finished_spans()


@pytest.mark.parametrize(("failure", "status"), FAILURES)
async def test_a_failure_of_the_server_is_an_error(
    http: httpx.AsyncClient, engine: FakeEngine, exporter: InMemorySpanExporter, failure: Exception, status: int
) -> None:
    engine.failure = failure
    await http.post(CHAT, json=WHO)
    server = by_name(exporter.get_finished_spans())[SERVER]
    assert (server.attributes or {})["http.response.status_code"] == status
    assert (server.status.status_code is StatusCode.ERROR) == (status >= 500)


async def test_a_refused_request_has_no_parts(http: httpx.AsyncClient, exporter: InMemorySpanExporter) -> None:
    await http.post(CHAT, json=WHO | {"model": "nobody"})
    (server,) = exporter.get_finished_spans()
    assert (server.attributes or {})["error.type"] == "not_found_error"
    assert server.status.status_code is StatusCode.UNSET


async def test_spans_hold_nothing_that_was_said(
    http: httpx.AsyncClient, engine: FakeEngine, exporter: InMemorySpanExporter
) -> None:
    for engine.failure in (None, RuntimeError(SECRET)):
        for messages in ([{"role": "user", "content": SECRET}], [{"role": SECRET, "content": [SECRET]}]):
            await http.post(CHAT, json={"model": "auto", "messages": messages})
    told = [json.loads(span.to_json()) for span in exporter.get_finished_spans()]
    assert len(told) == 2 * (3 + 1)
    assert SECRET not in json.dumps(told)
    assert not any(span["events"] for span in told)


@pytest.mark.parametrize("stream", [False, True])
async def test_spans_end_when_the_client_goes(
    traced: FastAPI, engine: FakeEngine, exporter: InMemorySpanExporter, stream: bool
) -> None:
    engine.endless = True
    async with traced.router.lifespan_context(traced):
        await asyncio.wait_for(call_and_go(traced, engine, stream), 60)
    assert set(by_name(exporter.get_finished_spans())) == {SERVER, "router", "engine"}


async def test_other_requests_are_not_traced(http: httpx.AsyncClient, exporter: InMemorySpanExporter) -> None:
    for method, path in (("GET", "/live"), ("GET", "/v1/models"), ("GET", CHAT), ("POST", "/v1/route")):
        await http.request(method, path)
    assert not exporter.get_finished_spans()


async def test_traces_of_requests_at_once_do_not_mix(http: httpx.AsyncClient, exporter: InMemorySpanExporter) -> None:
    traces = [format(number, "032x") for number in range(1, 33)]
    asked = [http.post(CHAT, json=WHO, headers={"traceparent": f"00-{trace}-{PARENT}-01"}) for trace in traces]
    await asyncio.gather(*asked)
    for trace in traces:
        spans = [s for s in exporter.get_finished_spans() if s.context and s.context.trace_id == int(trace, 16)]
        assert set(by_name(spans)) == {SERVER, "router", "engine"}


async def test_the_engine_is_asked_within_its_span(router: FakeRouter, exporter: InMemorySpanExporter) -> None:
    """By which it may go on with the trace."""
    current: list[int] = []

    class Looking(FakeEngine):
        async def chat(self, *arguments: Any) -> Any:
            current.append(get_current_span().get_span_context().span_id)
            return await super().chat(*arguments)

    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    async with calling(create_app(make_config(), Looking(), router, provider.get_tracer("tests"))) as http:
        current.clear()
        await http.post(CHAT, json=WHO)
    assert current == [own_id(by_name(exporter.get_finished_spans())["engine"])]
