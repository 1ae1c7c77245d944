"""A server by hand: answers as its requests' `model` says, and keeps them."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Body = dict[str, Any]
TEXT: Body = {"choices": [{"delta": {"content": "two"}}]}
END: Body = {"choices": [{"delta": {"content": "."}, "finish_reason": "stop"}]}
USAGE: Body = {"choices": [], "usage": {"completion_tokens": 2}}
WHOLE = [TEXT, END, USAGE]
STREAMS: dict[str, list[Body]] = {
    "failing": [TEXT, {"error": {"message": "engine died"}}],
    "ending": [TEXT],
    "endless": [TEXT],
    "breaking": [TEXT],
}
METRICS = """\
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{engine="0"} 2.0
vllm:num_requests_running{engine="1"} 1.0
# TYPE vllm:num_requests_waiting gauge
vllm:num_requests_waiting{engine="0"} 0.0
# TYPE molora_requests_total counter
molora_requests_total 7.0
"""


@dataclass
class AnsweringServer:
    """`waits_for` requests must be there before one is answered; `says` is what answers at once hold."""

    says: str = "two."
    waits_for: int = 0
    metrics: str = METRICS
    is_ready: bool = True
    bodies: list[Body] = field(default_factory=list)
    in_flight: int = 0
    max_in_flight: int = 0
    left: asyncio.Event = field(default_factory=asyncio.Event)
    _full: asyncio.Event = field(default_factory=asyncio.Event)

    async def chat(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.bodies.append(body)
        self.in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)
        if self.in_flight >= self.waits_for:
            self._full.set()
        await self._full.wait()
        try:
            return await self.answer(request, body)
        finally:
            self.in_flight -= 1

    async def answer(self, request: web.Request, body: Body) -> web.StreamResponse:
        if body["model"] == "nobody":
            return web.json_response({"error": {"message": "no such model"}}, status=404)
        if body.get("stream"):
            return await self.stream(request, body["model"])
        choice = {"message": {"content": self.says}, "finish_reason": "stop"}
        return web.json_response({"choices": [choice], "usage": {"completion_tokens": 2}})

    async def stream(self, request: web.Request, model: str) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        for event in STREAMS.get(model, WHOLE):
            await response.write(f"data: {json.dumps(event)}\n\n".encode())
        if model == "endless":
            try:
                await asyncio.sleep(600)
            except asyncio.CancelledError:
                self.left.set()
                raise
        if model == "breaking" and request.transport:
            request.transport.abort()
        return response

    async def ready(self, _: web.Request) -> web.Response:
        return web.Response(status=200 if self.is_ready else 503)

    async def tell(self, _: web.Request) -> web.Response:
        return web.Response(text=self.metrics)


@asynccontextmanager
async def serving(server: AnsweringServer) -> AsyncIterator[str]:
    """Its address."""
    app = web.Application()
    app.router.add_post("/v1/chat/completions", server.chat)
    app.router.add_get("/ready", server.ready)
    app.router.add_get("/metrics", server.tell)
    runner = web.AppRunner(app, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    try:
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()
