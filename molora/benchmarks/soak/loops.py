"""How requests are sent: as fast as so many clients can, or when they are due, whatever the server does."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple

from molora.benchmarks.soak.asked import Asked
from molora.benchmarks.soak.client import Client, Exchange

WARM_UP = 0.25
"""Share of a closed loop that its rate is not counted of."""


async def closed_loop(client: Client, traffic: Iterator[Asked], num_clients: int, seconds: float) -> list[Exchange]:
    """Each client sends its next request when its last has ended, and at least one, until the time is over."""
    over_s = time.perf_counter() + seconds

    async def work() -> list[Exchange]:
        done = [await client.send(next(traffic))]
        while time.perf_counter() < over_s:
            done.append(await client.send(next(traffic)))
        return done

    return [one for done in await asyncio.gather(*(work() for _ in range(num_clients))) for one in done]


def count_rate(exchanges: Sequence[Exchange], seconds: float) -> float:
    """Requests per second of a closed loop that ran so long, once warm."""
    began_s = min(one.sent_s for one in exchanges)
    since_s, until_s = began_s + WARM_UP * seconds, began_s + seconds
    return sum(since_s <= one.end_s <= until_s for one in exchanges) / (until_s - since_s)


def arrivals(rate_per_s: float, seconds: float, seed: int) -> Iterator[float]:
    """Seconds from the start at which a Poisson process has its events."""
    rng, now = random.Random(seed), 0.0
    while (now := now + rng.expovariate(rate_per_s)) < seconds:
        yield now


async def open_loop(client: Client, traffic: Iterator[Asked], due: Iterable[float]) -> list[Exchange]:
    """`due`: as of time.perf_counter. Each request is made ready before its time has come."""
    tasks = []
    async with asyncio.TaskGroup() as group:
        for due_s in due:
            asked = next(traffic)
            await asyncio.sleep(due_s - time.perf_counter())
            tasks.append(group.create_task(client.send(asked, due_s)))
    return [task.result() for task in tasks]


class Act(NamedTuple):
    """What is done every so many seconds."""

    every_s: float
    do: Callable[[], Awaitable[None]]


@asynccontextmanager
async def beside(*acts: Act) -> AsyncIterator[None]:
    """Acts are done meanwhile; one that has begun is done to its end."""
    over = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for act in acts:
            group.create_task(_repeat(act, over))
        try:
            yield
        finally:
            over.set()


async def _repeat(act: Act, over: asyncio.Event) -> None:
    while not over.is_set():
        due_s = time.monotonic() + act.every_s
        await act.do()
        with suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), due_s - time.monotonic())
