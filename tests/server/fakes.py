"""An engine and a router written by hand: no model, no thread, every call kept."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from molora.config import Config, EngineConfig, ExpertConfig, RouterConfig
from molora.engine.interface import Adapter, Body, Completion, Stream
from molora.errors import BadRequest, MoloraError, Unavailable
from molora.router import policy
from molora.router.query import Decision, Query, Wishes

EXPERTS = ("spatial", "social")
PROMPT = "Look at faces first."


def make_config() -> Config:
    return Config(
        engine=EngineConfig(model="backbone"),
        experts={
            "spatial": ExpertConfig(adapter=Path("spatial"), description="Where."),
            "social": ExpertConfig(adapter=Path("social"), description="Who.", system_prompt=PROMPT),
        },
        router=RouterConfig(head=Path("head.safetensors")),
    )


@dataclass
class FakeRouter:
    """Sends a question with "who" in it to social, any other to spatial."""

    queries: list[Query] = field(default_factory=list)
    events: list[str] = field(default_factory=list)

    async def start(self) -> None:
        self.events.append("router up")

    async def stop(self) -> None:
        self.events.append("router down")

    async def route(self, query: Query, wishes: Wishes) -> Decision:
        self.queries.append(query)
        policy.check(wishes, EXPERTS)
        if policy.is_by_hand(wishes):
            return policy.by_hand(wishes, EXPERTS)
        left = policy.candidates(wishes, EXPERTS)
        best = "social" if "who" in query.text and "social" in left else left[0]
        shares = {name: 0.75 if name == best else 0.25 for name in left}
        return Decision("top1", "router", {best: 1.0}, shares, router_ms=1.5)


@dataclass
class FakeEngine:
    """Answers with the expert's name in three chunks; `failure` is raised instead where there is one."""

    asked: list[tuple[str, Sequence[Body]]] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    failure: Exception | None = None
    healthy: bool = True
    endless: bool = False
    called: asyncio.Event = field(default_factory=asyncio.Event)
    aborted: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def adapters(self) -> Mapping[str, Adapter]:
        return {name: Adapter(name, "0" * 64, "ready") for name in EXPERTS}

    async def start(self) -> None:
        self.events.append("engine up")

    async def stop(self) -> None:
        self.events.append("engine down")

    async def check_health(self) -> None:
        if not self.healthy:
            raise Unavailable("the engine is not running")

    def parse(self, body: Body) -> Any:
        if not isinstance(body.get("messages"), list):
            raise BadRequest("messages: Field required", param="messages")
        return body

    async def chat(self, request: Any, messages: Sequence[Body], gates: Mapping[str, float]) -> Completion | Stream:
        expert = max(gates, key=gates.__getitem__, default="base")
        self.asked.append((expert, messages))
        self.called.set()
        if self.failure:
            raise self.failure
        if request.get("stream"):
            return Stream({"model": expert, "choices": []}, self._chunks(expert))
        if self.endless:
            await self._wait_forever()
        name = request.get("request_id")
        return Completion({"id": name, "model": expert, "choices": [{"message": {"content": expert}}]})

    async def _chunks(self, expert: str) -> AsyncGenerator[str, None]:
        yield f'data: {{"model": "{expert}", "choices": []}}\n\n'
        if self.endless:
            await self._wait_forever()
        yield "data: [DONE]\n\n"

    async def _wait_forever(self) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            self.aborted.set()


FAILURES: list[tuple[Exception, int]] = [
    (BadRequest("too long", param="max_tokens"), 400),
    (Unavailable("the engine cannot answer now"), 503),
    (MoloraError("the engine failed to answer"), 500),
]
