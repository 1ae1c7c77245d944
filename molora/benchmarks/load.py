"""A closed loop of streamed chat requests against one server, with the raw time stamps of each."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp
from rich.console import Console
from rich.progress import track

from molora.benchmarks.messages import ask
from molora.benchmarks.metrics import Timing
from molora.benchmarks.questions import Example
from molora.errors import Unavailable


@dataclass(frozen=True)
class Target:
    """A server under load; `choose` gives the fields of a request's body that say who answers an example."""

    name: str
    url: str
    choose: Callable[[Example], dict[str, Any]]


@dataclass(frozen=True)
class Round:
    """`concurrency` clients, each sending its next request when its last has ended."""

    number: int
    concurrency: int
    examples: Sequence[Example]
    num_tokens: int
    """Every answer is made exactly this long; 0 lets it end by itself."""


async def run_turns(turns: Sequence[tuple[Target, Round]], console: Console) -> list[Timing]:
    """Timings of all rounds but 0, one after the other."""
    timings: list[Timing] = []
    async with open_session() as session:
        for target, plan in track(turns, "rounds", console=console, transient=True):
            timings += await run_round(session, target, plan)
    return [timing for timing in timings if timing.round > 0]


def open_session() -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=1)  # the server that waits its turn closes idle ones
    return aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=600))


async def run_round(session: aiohttp.ClientSession, target: Target, plan: Round) -> list[Timing]:
    """The timings of one round, in order of index. Raises Unavailable for an answer other than 200."""
    bodies = [_body(target, example, plan.num_tokens) for example in plan.examples]
    queue = iter(enumerate(bodies))
    clients = [_client(session, target, plan, queue) for _ in range(plan.concurrency)]
    timings = [timing for done in await asyncio.gather(*clients) for timing in done]
    return sorted(timings, key=lambda t: t.index)


def _body(target: Target, example: Example, num_tokens: int) -> bytes:
    length = {"max_tokens": num_tokens, "ignore_eos": True} if num_tokens else {"max_tokens": 16}
    body = {
        **target.choose(example),
        "messages": ask(example),
        "temperature": 0,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    return json.dumps(body | length).encode()


async def _client(
    session: aiohttp.ClientSession, target: Target, plan: Round, queue: Iterator[tuple[int, bytes]]
) -> list[Timing]:
    return [await _send(session, target, plan, index, body) for index, body in queue]


async def _send(session: aiohttp.ClientSession, target: Target, plan: Round, index: int, body: bytes) -> Timing:
    sent_s = time.perf_counter()
    first_s, num_tokens = None, 0
    routing: dict[str, Any] = {}
    headers = {"content-type": "application/json"}
    async with session.post(f"{target.url}/v1/chat/completions", data=body, headers=headers) as response:
        if response.status != 200:
            raise Unavailable(f"{target.name} answered {response.status}: {await response.text()}")
        async for event in events(response):
            if "error" in event:
                raise Unavailable(f"{target.name} broke off: {event['error']}")
            routing = routing or event.get("routing") or {}
            if first_s is None and text_of(event):
                first_s = time.perf_counter()
            num_tokens = (event.get("usage") or {}).get("completion_tokens", num_tokens)
    end_s = time.perf_counter()
    expert = next(iter(routing.get("gates", {})), "")
    return Timing(
        target.name,
        plan.concurrency,
        plan.number,
        index,
        sent_s,
        first_s or end_s,
        end_s,
        num_tokens,
        expert,
        routing.get("router_ms", 0.0),
    )


async def events(response: aiohttp.ClientResponse) -> AsyncIterator[dict[str, Any]]:
    """Of a stream, as they come; the mark that closes it is none."""
    async for line in response.content:
        data = line.strip().removeprefix(b"data: ")
        if data.startswith(b"{"):
            yield json.loads(data)


def text_of(event: dict[str, Any]) -> str:
    return "".join(choice["delta"].get("content") or "" for choice in event.get("choices", ()))
