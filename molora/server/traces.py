"""A trace of each chat request, by OpenTelemetry's conventions for HTTP and for generative models."""

import json
from typing import Any

from opentelemetry.propagate import extract
from opentelemetry.trace import SpanKind, StatusCode, Tracer
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from molora.server.metrics import CHAT_PATH
from molora.server.record import Record
from molora.server.spans import Spans


class Tracing:
    """ASGI middleware: a server span from a chat request's first byte to the last of its answer, however it ends.

    A client's `traceparent` is its parent.
    """

    def __init__(self, app: ASGIApp, tracer: Tracer) -> None:
        self.app, self.tracer = app, tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or (scope["method"], scope["path"]) != ("POST", CHAT_PATH):
            return await self.app(scope, receive, send)
        record: Record = scope["state"]["record"]
        record.spans = Spans(self.tracer)
        with self.tracer.start_as_current_span(
            f"POST {CHAT_PATH}",
            context=extract(Headers(scope=scope)),
            kind=SpanKind.SERVER,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                await self.app(scope, receive, send)
            finally:
                record.spans.end()
                span.set_attributes(attributes(record, scope))
                if record.failed:
                    span.set_status(StatusCode.ERROR)


def attributes(record: Record, scope: Scope) -> dict[str, Any]:
    """Of a request that has ended."""
    decision, usage = record.decision, record.usage
    told = {
        "http.request.method": record.method,
        "http.route": record.path,
        "url.path": record.path,
        "url.scheme": scope.get("scheme"),
        "http.response.status_code": record.status,
        "error.type": record.error_type,
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "molora",
        "gen_ai.request.model": record.model,
        "gen_ai.response.model": decision and decision.expert,
        "gen_ai.usage.input_tokens": usage and usage.prompt_tokens,
        "gen_ai.usage.output_tokens": usage and usage.completion_tokens,
        "molora.request_id": record.request_id,
        "molora.client": scope["state"].get("client"),
        "molora.source": decision and decision.source,
        "molora.reason": decision and decision.reason,
        "molora.gates": decision and json.dumps(dict(decision.gates)),
    }
    return {name: value for name, value in told.items() if value is not None}
