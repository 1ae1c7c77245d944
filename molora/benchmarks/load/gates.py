"""The gates of the two likeliest experts, asked of Molora's router for clients that go by them."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import aiohttp

from molora.benchmarks.load.plan import Ask
from molora.benchmarks.messages import ask as as_messages
from molora.errors import Unavailable

AT_ONCE = 16


async def ask_gates(url: str, asks: Sequence[Ask], experts: Sequence[str]) -> list[Ask]:
    """The same with their gates, two each. Raises Unavailable where the router refuses."""
    routing = {"mode": "top2", "allow": list(experts)}
    async with aiohttp.ClientSession(url, connector=aiohttp.TCPConnector(limit=AT_ONCE)) as session:
        gates = await asyncio.gather(*(_ask_one(session, ask, routing) for ask in asks))
    return [replace(ask, gates=one) for ask, one in zip(asks, gates, strict=True)]


async def _ask_one(session: aiohttp.ClientSession, ask: Ask, routing: dict[str, Any]) -> dict[str, float]:
    body = {"messages": as_messages(ask.example), "routing": routing}
    async with session.post("/v1/route", json=body) as response:
        if response.status != 200:
            raise Unavailable(f"the router answered {response.status}: {await response.text()}")
        gates: dict[str, float] = (await response.json())["gates"]
        return gates
