"""An expert that comes and goes while all others are asked: each time with weights that never were there."""

import asyncio
import time
from collections.abc import Callable

import httpx

from molora.benchmarks.many_experts import Administrator, make_adapters
from molora.benchmarks.soak.asked import Asked
from molora.benchmarks.soak.client import Client, Exchange
from molora.config import Config

NEWCOMER, CHANGE = "newcomer", "change"
MOST = 100_000


class Newcomer:
    """Of a server whose configuration is given; its weights are made of that's."""

    def __init__(self, administrator: Administrator, config: Config) -> None:
        self._administrator = administrator
        self._adapters = make_adapters(config, [f"the king of {year}" for year in range(1, MOST)])
        self.exchanges: list[Exchange] = []

    async def come_and_go(self, client: Client) -> None:
        name, files = next(self._adapters)
        description = f"Old coins: what they show, and what they were worth. This time those of {name}."
        await self._change(lambda: self._administrator.add(NEWCOMER, files, description))
        question = {"messages": [{"role": "user", "content": f"Which of the old coins show {name}?"}]}
        body = question | {"model": NEWCOMER, "max_tokens": 8}
        self.exchanges.append(await client.send(Asked(NEWCOMER, body, num_pictures=0)))
        await self._change(lambda: self._administrator.remove(NEWCOMER))

    async def _change(self, change: Callable[[], object]) -> None:
        began_s, fault = time.perf_counter(), ""
        try:
            await asyncio.to_thread(change)
        except httpx.HTTPError as error:
            fault = str(error)
        end_s = time.perf_counter()
        self.exchanges.append(Exchange(CHANGE, False, 0, "", began_s, began_s, None, end_s, 0, fault=fault))
