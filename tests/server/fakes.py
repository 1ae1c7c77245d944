"""An engine and a router written by hand: no model, no thread, every call kept."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from fastapi import FastAPI

import molora.adapters
from molora.config import Config, EngineConfig, ExpertConfig, RouterConfig
from molora.engine.interface import Adapter, Body, Completion, Residency, Stream, Usage, Version
from molora.errors import BadRequest, MoloraError, Unavailable
from molora.router.features import Floats
from molora.router.interface import RoutedBy
from molora.router.policy import checks
from molora.router.policy.by_hand import by_hand
from molora.router.query import Decision, Query, Wishes

EXPERTS = ("spatial", "social")
PROMPT = "Look at faces first."


WEIGHTS = Path(molora.adapters.__file__).parent / "demo"


def make_config(**changes: Any) -> Config:
    """Real adapters for a real backbone, which no engine is started for."""
    fields: dict[str, Any] = {
        "engine": EngineConfig(model=str(WEIGHTS / "backbone")),
        "experts": {
            "spatial": ExpertConfig(adapter=WEIGHTS / "spatial", description="Where."),
            "social": ExpertConfig(adapter=WEIGHTS / "social", description="Who.", system_prompt=PROMPT),
        },
        "router": RouterConfig(head=Path("head.safetensors")),
    }
    return Config(**fields | changes)


@dataclass
class FakeRouter:
    """Sends a question with "who" in it to social, any other to the first expert it may."""

    experts: list[str] = field(default_factory=lambda: list(EXPERTS))
    queries: list[Query] = field(default_factory=list)
    failure: MoloraError | None = None
    """Of reading what a new expert is for."""
    events: list[str] = field(default_factory=list)

    async def start(self) -> None:
        self.events.append("router up")

    async def stop(self) -> None:
        self.events.append("router down")

    async def route(self, query: Query, wishes: Wishes) -> Decision:
        self.queries.append(query)
        checks.check(wishes, self.experts)
        if checks.is_by_hand(wishes):
            return by_hand(wishes, self.experts)
        left = checks.candidates(wishes, self.experts)
        best = "social" if "who" in query.text and "social" in left else left[0]
        shares = {name: 0.75 if name == best else 0.25 for name in left}
        return Decision("top1", "router", {best: 1.0}, shares, router_ms=1.5)

    async def read(self, texts: Sequence[str]) -> Floats:
        if self.failure is not None:
            raise self.failure
        return np.zeros((len(texts), 2), np.float32)

    def set_expert(self, name: str, vectors: Floats) -> None:
        assert vectors.ndim == 2
        self.experts += [name] if name not in self.experts else []

    def remove_expert(self, name: str) -> None:
        self.experts.remove(name)

    def routed_by(self, name: str) -> RoutedBy:
        return "head" if name in EXPERTS else "examples"


@dataclass
class FakeEngine:
    """Answers with the expert's name in three chunks; `failure` is raised instead where there is one."""

    asked: list[tuple[str, Sequence[Body]]] = field(default_factory=list)
    requests: list[Body] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    failure: Exception | None = None
    healthy: bool = True
    num_steps: int = 0
    """Grows by a beat, unless the engine is stopped."""
    stopped: bool = False
    num_starts: int = 0
    endless: bool = False
    called: asyncio.Event = field(default_factory=asyncio.Event)
    aborted: asyncio.Event = field(default_factory=asyncio.Event)

    held: dict[int, Version] = field(default_factory=dict)
    named: dict[str, Version] = field(default_factory=dict)
    busy: dict[int, asyncio.Event] = field(default_factory=dict)
    """Versions with a request in flight, each until its event is set."""
    still: bool = False
    """No adapter moves a log-probability."""
    refusal: BadRequest | None = None
    """Of the next adapter to load."""

    async def start(self) -> None:
        self.events.append("engine up")
        self.num_starts += 1
        self.healthy, self.stopped = True, False
        self.held, self.named = {}, {}

    async def stop(self) -> None:
        self.events.append("engine down")

    async def beat(self) -> None:
        if self.stopped:
            await asyncio.Event().wait()
        self.num_steps += 1

    async def kill(self) -> None:
        self.healthy = False

    async def load(self, adapter: Adapter) -> Version:
        if self.refusal is not None:
            raise self.refusal
        version = Version(adapter, 1 + max(self.held, default=0))
        self.held[version.number] = version
        return version

    def name(self, expert: str, version: Version | None) -> None:
        self.named |= {expert: version} if version else {}
        if version is None:
            self.named.pop(expert, None)

    async def unload(self, version: Version) -> None:
        if version.number in self.busy:
            await self.busy[version.number].wait()
        del self.held[version.number]

    def num_in_flight(self, version: Version) -> int:
        return int(version.number in self.busy and not self.busy[version.number].is_set())

    async def residency(self) -> Residency:
        return Residency(frozenset(self.held), frozenset(sorted(self.held)[:2]), 3)

    async def prompt_logprobs(self, messages: Sequence[Body], version: Version | None) -> list[tuple[int, float]]:
        assert messages
        moves = version is not None and not self.still
        return [(7, -1.0 - moves), (9, -2.0)]

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
        self.requests.append(request)
        self.called.set()
        if self.failure:
            raise self.failure
        if request.get("stream"):
            return self._stream(expert, Usage(7))
        if self.endless:
            await self._wait_forever()
        return Completion(completion(request.get("request_id") or "chatcmpl-1", expert))

    def _stream(self, expert: str, usage: Usage) -> Stream:
        return Stream({"model": expert, "choices": []}, self._chunks(expert, usage), usage)

    async def _chunks(self, expert: str, usage: Usage) -> AsyncGenerator[str, None]:
        usage.completion_tokens += 2
        yield f'data: {{"model": "{expert}", "choices": []}}\n\n'
        if self.endless:
            await self._wait_forever()
        yield "data: [DONE]\n\n"

    async def _wait_forever(self) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            self.aborted.set()


def completion(name: str, expert: str) -> Body:
    message = {"role": "assistant", "content": expert}
    choices = [{"index": 0, "finish_reason": "stop", "message": message}]
    usage = {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9}
    told = {"id": name, "object": "chat.completion", "created": 1, "model": expert, "choices": choices}
    return told | {"usage": usage}


FAILURES: list[tuple[Exception, int]] = [
    (BadRequest("too long", param="max_tokens"), 400),
    (Unavailable("the engine cannot answer now"), 503),
    (MoloraError("the engine failed to answer"), 500),
]


@asynccontextmanager
async def calling(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client in this process, while the application runs."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://molora") as client,
    ):
        yield client
