"""An OpenAI-compatible server by hand: says what it is told to, question by question, and keeps its requests."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Body = dict[str, Any]


@dataclass
class FakeAnnotator:
    """`answers` by question, `otherwise` for the rest. `failures` are statuses of the first requests, one after the
    other; requests with one of `unknown_fields` are refused. Questions in `held` are answered when `free` is set;
    `crowded` is set when `crowd` of them wait."""

    answers: dict[str, str] = field(default_factory=dict)
    otherwise: str = '{"expert": "social"}'
    failures: list[int] = field(default_factory=list)
    unknown_fields: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    crowd: int = 1
    crowded: asyncio.Event = field(default_factory=asyncio.Event)
    free: asyncio.Event = field(default_factory=asyncio.Event)
    bodies: list[Body] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    in_flight: int = 0
    max_in_flight: int = 0

    @property
    def asked(self) -> list[str]:
        return [question_of(body) for body in self.bodies]

    async def chat(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.bodies.append(body)
        self.keys.append(request.headers["authorization"])
        self.in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)
        try:
            return await self._answer(body)
        finally:
            self.in_flight -= 1

    async def _answer(self, body: Body) -> web.Response:
        await asyncio.sleep(0)  # whoever else asks at once is in flight by now
        if self.failures:
            return refuse(self.failures.pop(0))
        if any(name in body for name in self.unknown_fields):
            return refuse(400)
        question = question_of(body)
        if question in self.held:
            if self.in_flight >= self.crowd:
                self.crowded.set()
            await self.free.wait()
        choice = {"index": 0, "message": {"role": "assistant", "content": self.answers.get(question, self.otherwise)}}
        return web.json_response({"id": "1", "object": "chat.completion", "choices": [choice]})


def refuse(status: int) -> web.Response:
    return web.json_response({"error": {"message": "not so"}}, status=status, headers={"retry-after-ms": "1"})


def question_of(body: Body) -> str:
    content = body["messages"][-1]["content"]
    text = content if isinstance(content, str) else content[-1]["text"]
    assert isinstance(text, str)
    return text


@asynccontextmanager
async def serving(server: FakeAnnotator) -> AsyncIterator[str]:
    """Its base URL."""
    app = web.Application(client_max_size=2**24)
    app.router.add_post("/v1/chat/completions", server.chat)
    runner = web.AppRunner(app, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    try:
        yield f"http://{host}:{port}/v1"
    finally:
        await runner.cleanup()
