"""Every request has a name, which every answer carries, and leaves one line in the log."""

import logging
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from molora.config import LogsConfig
from molora.server.logs import REQUESTS
from molora.server.record import Record, begin_record
from molora.server.request_id import HEADER

QUIET = ("/live", "/ready", "/metrics")
"""Asked every few seconds by machines."""

logger = logging.getLogger(REQUESTS)


class Recording:
    """ASGI middleware, the outermost: leaves a request's record in its state, and tells it when it has ended."""

    def __init__(self, app: ASGIApp, logs: LogsConfig) -> None:
        self.app, self.logs = app, logs

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        record = begin_record(scope)
        state = scope.setdefault("state", {})
        state["record"] = record

        async def receive_noting() -> Message:
            message = await receive()
            if message["type"] == "http.disconnect" and not record.ended:
                record.disconnected = True
            return message

        async def send_noting(message: Message) -> None:
            record.take_message(message)
            if message["type"] == "http.response.start":
                name = (HEADER.encode(), record.request_id.encode())
                message = {**message, "headers": [*message.get("headers", ()), name]}
            await send(message)

        try:
            await self.app(scope, receive_noting, send_noting)
        finally:
            self._tell(record, state.get("client"))

    def _tell(self, record: Record, client: str | None) -> None:
        level = level_of(record)
        if logger.isEnabledFor(level):
            told = fields(record, client) | ({"question": record.question} if self.logs.prompts else {})
            given = {name: value for name, value in told.items() if value is not None}
            logger.log(level, "request", extra={"fields": given})


def level_of(record: Record) -> int:
    if record.path in QUIET:
        return logging.DEBUG
    return logging.WARNING if record.failed else logging.INFO


def fields(record: Record, client: str | None) -> dict[str, Any]:
    """Nothing that was asked or answered."""
    decision, usage = record.decision, record.usage
    return {
        "request_id": record.request_id,
        "client": client,
        "method": record.method,
        "path": record.path,
        "status": record.status,
        "model": record.model,
        "expert": decision and decision.expert,
        "source": decision and decision.source,
        "reason": decision and decision.reason,
        "gates": decision and dict(decision.gates),
        "pictures": record.num_pictures,
        "prompt_tokens": usage and usage.prompt_tokens,
        "completion_tokens": usage and usage.completion_tokens,
        "router_ms": decision and round(decision.router_ms, 2),
        "ttft_ms": record.ttft_ms,
        "duration_ms": record.elapsed_ms(),
        "error_type": record.error_type,
        "error_code": record.error_code,
        "disconnected": record.disconnected or None,
    }
