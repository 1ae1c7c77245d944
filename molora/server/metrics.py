"""`/metrics`: Molora's own metrics, then vLLM's, in Prometheus' text format."""

import asyncio
import time
from contextlib import suppress

from fastapi import APIRouter, Response
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from starlette.types import ASGIApp, Receive, Scope, Send

from molora.engine.interface import Engine, Residency
from molora.errors import MoloraError
from molora.router.query import Decision

ROUTER_S = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
ANSWER_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0, 50.0, 100.0)
LOAD_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0, 50.0, 100.0)
RESIDENCY_TIMEOUT_S = 1.0
ENTROPY_NATS = (0.01, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.4, 2.0)
CHAT_PATH = "/v1/chat/completions"


class Metrics:
    """In a registry of their own: a process may hold more than one server."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        by_expert = ["expert"]
        self._requests = Counter(
            "molora_requests",
            "Chat requests by the expert that answers and who chose it.",
            ["expert", "source"],
            registry=registry,
        )
        self._router_s = Histogram(
            "molora_router_seconds", "Time to a routing decision.", buckets=ROUTER_S, registry=registry
        )
        self._entropy = Histogram(
            "molora_gate_entropy_nats",
            "Entropy of the router's probabilities.",
            buckets=ENTROPY_NATS,
            registry=registry,
        )
        self._reasons = Counter(
            "molora_routing_reasons",
            "Decisions that are not what the router's probabilities alone would be, by why.",
            ["reason"],
            registry=registry,
        )
        self._ttft_s = Histogram(
            "molora_ttft_seconds",
            "Time to the first chunk of a streamed answer.",
            by_expert,
            buckets=ANSWER_S,
            registry=registry,
        )
        self._answer_s = Histogram(
            "molora_request_seconds", "Time to the end of an answer.", by_expert, buckets=ANSWER_S, registry=registry
        )
        self.in_flight = Gauge("molora_requests_in_flight", "Chat requests being answered.", registry=registry)
        self._admitted = Counter(
            "molora_client_requests",
            "Requests taken on, by the name of the client's key.",
            ["client"],
            registry=registry,
        )
        self._turned_away = Counter(
            "molora_client_requests_turned_away",
            "Requests not taken on for lack of a place: 503 for anyone, 429 for this client.",
            ["client", "status"],
            registry=registry,
        )
        self._engine_failures = Counter(
            "molora_engine_failures", "Engines that died or fell silent.", ["failure"], registry=registry
        )
        self._load_s = Histogram(
            "molora_adapter_load_seconds",
            "Time from an upload to an expert that answers.",
            buckets=LOAD_S,
            registry=registry,
        )
        self._failed_loads = Counter(
            "molora_adapter_failed_loads",
            "Experts that did not come to answer, by how far they came.",
            ["state"],
            registry=registry,
        )
        self._held = Gauge("molora_adapters_in_memory", "Adapters the engine holds.", registry=registry)
        self._resident = Gauge("molora_adapters_resident", "Adapters in a slot of the engine.", registry=registry)
        self._evictions = Counter(
            "molora_adapter_evictions", "How often an adapter lost its slot to another.", registry=registry
        )
        self._num_evictions = 0

    def observe_decision(self, decision: Decision) -> None:
        """Timed is what the router read."""
        if decision.probabilities:
            self._router_s.observe(decision.router_ms / 1000)
            self._entropy.observe(decision.entropy)
        if decision.reason is not None:
            self._reasons.labels(decision.reason).inc()

    def count_request(self, decision: Decision) -> None:
        self._requests.labels(decision.expert, decision.source).inc()

    def count_admitted(self, client: str) -> None:
        self._admitted.labels(client).inc()

    def count_turned_away(self, client: str, status: int) -> None:
        self._turned_away.labels(client, str(status)).inc()

    def count_engine_failure(self, failure: str) -> None:
        self._engine_failures.labels(failure).inc()

    def observe_first_chunk(self, expert: str, started: float) -> None:
        """`started` as of time.perf_counter."""
        self._ttft_s.labels(expert).observe(time.perf_counter() - started)

    def observe_end(self, expert: str, started: float) -> None:
        """`started` as of time.perf_counter."""
        self._answer_s.labels(expert).observe(time.perf_counter() - started)

    def observe_load(self, started: float) -> None:
        """`started` as of time.perf_counter."""
        self._load_s.observe(time.perf_counter() - started)

    def count_failed_load(self, state: str) -> None:
        self._failed_loads.labels(state).inc()

    def observe_residency(self, now: Residency) -> None:
        self._held.set(len(now.held))
        self._resident.set(len(now.resident))
        self._evictions.inc(max(0, now.num_evictions - self._num_evictions))
        self._num_evictions = now.num_evictions

    def exposition(self) -> bytes:
        return generate_latest(self.registry) + generate_latest(REGISTRY)


class InFlight:
    """ASGI middleware: counts chat requests from their first byte to their last, however they end."""

    def __init__(self, app: ASGIApp, gauge: Gauge) -> None:
        self.app, self.gauge = app, gauge

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != CHAT_PATH:
            return await self.app(scope, receive, send)
        with self.gauge.track_inprogress():
            return await self.app(scope, receive, send)


def metrics_routes(metrics: Metrics, engine: Engine) -> APIRouter:
    api = APIRouter()

    @api.get(
        "/metrics",
        response_class=Response,
        responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    )
    async def read_metrics() -> Response:
        """Of an engine that does not tell its adapters in time, the figures last told."""
        with suppress(MoloraError, TimeoutError):
            metrics.observe_residency(await asyncio.wait_for(engine.residency(), RESIDENCY_TIMEOUT_S))
        return Response(metrics.exposition(), media_type=CONTENT_TYPE_LATEST)

    return api
