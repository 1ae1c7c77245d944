"""A server by hand that streams two chunks of text as vLLM does, and says who answered as Molora does."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Body = dict[str, Any]
CACHE = """\
# TYPE vllm:prefix_cache_queries counter
vllm:prefix_cache_queries_total{{engine="0"}} {asked}
vllm:prefix_cache_queries_total{{engine="1"}} 0.0
# TYPE vllm:prefix_cache_hits counter
vllm:prefix_cache_hits_total{{engine="0"}} {found}
"""


@dataclass
class FakeServer:
    """Of every prompt of 10 tokens it finds 4 in its cache. `auto` is answered by quantity; `slow` takes longer."""

    bodies: list[Body] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    in_flight: int = 0
    max_in_flight: int = 0

    async def chat(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.bodies.append(body)
        self.ids.append(request.headers["x-request-id"])
        if body["model"] == "missing":
            return web.json_response({"error": {"message": "no such model"}}, status=404)
        routed = {"x-molora-expert": "quantity", "x-molora-router-ms": "3.5"}
        self.in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)
        response = web.StreamResponse(headers=routed if body["model"] == "auto" else {})
        await response.prepare(request)
        for event in events(body):
            await response.write(f"data: {event}\n\n".encode())
            await asyncio.sleep(0.1 if body["model"] == "slow" else 0.01)
        self.in_flight -= 1
        return response

    async def route(self, request: web.Request) -> web.Response:
        body = await request.json()
        if body["routing"]["allow"] == ["nobody"]:
            return web.json_response({"error": {"message": "unknown expert"}}, status=400)
        text = body["messages"][-1]["content"][-1]["text"]
        return web.json_response({"gates": {"spatial": 0.75, "quantity": 0.25}, "of": text})

    async def metrics(self, _: web.Request) -> web.Response:
        return web.Response(text=CACHE.format(asked=10.0 * len(self.bodies), found=4.0 * len(self.bodies)))


def events(body: Body) -> list[str]:
    text = [{"choices": [{"delta": {"content": word}}]} for word in ("two", ".")]
    if body["model"] == "breaking":
        return [json.dumps(text[0]), json.dumps({"error": {"message": "engine died"}}), "[DONE]"]
    return [*map(json.dumps, [*text, {"choices": [], "usage": {"completion_tokens": 2}}]), "[DONE]"]


@asynccontextmanager
async def answering() -> AsyncIterator[tuple[FakeServer, str]]:
    """The server, and its address."""
    fake = FakeServer()
    app = web.Application()
    app.router.add_post("/v1/chat/completions", fake.chat)
    app.router.add_post("/v1/route", fake.route)
    app.router.add_get("/metrics", fake.metrics)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    yield fake, f"http://{host}:{port}"
    await runner.cleanup()
