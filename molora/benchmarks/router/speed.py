"""Decisions of the served router without its cache; no question comes twice.

Each turn is in a process of its own, held to its cores from its first instruction: questions one at a time on one core,
then many at once on two. The encoders take turns, so that a noisy machine falls on all of them.
"""

import asyncio
import multiprocessing
import os
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from molora.benchmarks.questions import ONE_TYPE, make_examples
from molora.config import EncoderConfig
from molora.router.head import Head
from molora.router.query import Query, Wishes

if TYPE_CHECKING:
    from molora.router.router import Router

Result = TypeVar("Result")

SEED = 93_000_000
NUM_WARM_UP = 100
NUM_WAITING = 256
"""Questions under way at a time, where many are."""
NUM_CORES = 2


class Task(NamedTuple):
    """The first NUM_WARM_UP queries are not counted."""

    encoder: EncoderConfig
    head: Head
    queries: tuple[Query, ...]


class Speed(NamedTuple):
    """`ms` are of each question alone on one core, `per_s` is of many at once on NUM_CORES."""

    ms: tuple[float, ...]
    per_s: float


def draw_queries(num: int, *, looks: bool) -> tuple[Query, ...]:
    """No two have the same text; with pictures for an encoder that looks."""
    queries: dict[str, Query] = {}
    for example in make_examples(SEED, 1_000_000, ONE_TYPE):
        text = example.question.text
        if text not in queries:
            queries[text] = Query(text, (example.scene.render(),) if looks else ())
        if len(queries) == num:
            break
    return tuple(queries.values())


def measure(section: EncoderConfig, head: Head, num: int) -> Speed:
    """Of `num` questions, in two processes one after the other."""
    task = Task(section, head, draw_queries(NUM_WARM_UP + num, looks=head.looks))
    return Speed(tuple(run_apart(time_alone, task, 1)), run_apart(count_per_s, task, NUM_CORES))


def run_apart(function: Callable[[Task], Result], task: Task, num_cores: int) -> Result:
    context = multiprocessing.get_context("spawn")
    with held_to(num_cores), ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(function, task).result()


@contextmanager
def held_to(num_cores: int) -> Iterator[None]:
    """This thread, and every process that it starts meanwhile, with all their threads."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(cores)[:num_cores])
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def time_alone(task: Task) -> list[float]:
    """Milliseconds of each question, the next one asked when this one is decided."""

    async def ask(router: "Router") -> list[float]:
        return [(await router.route(query, Wishes())).router_ms for query in task.queries]

    return asyncio.run(_with_router(task, ask))[NUM_WARM_UP:]


def count_per_s(task: Task) -> float:
    """Questions per second, NUM_WAITING of them under way at a time."""

    async def ask(router: "Router") -> float:
        await _route_all(router, task.queries[:NUM_WARM_UP])
        start = time.perf_counter()
        await _route_all(router, task.queries[NUM_WARM_UP:])
        return (len(task.queries) - NUM_WARM_UP) / (time.perf_counter() - start)

    return asyncio.run(_with_router(task, ask))


async def _route_all(router: "Router", queries: Sequence[Query]) -> None:
    waiting = iter(queries)

    async def ask_in_turn() -> None:
        for query in waiting:
            await router.route(query, Wishes())

    await asyncio.gather(*(ask_in_turn() for _ in range(NUM_WAITING)))


async def _with_router(task: Task, ask: Callable[["Router"], Awaitable[Result]]) -> Result:
    from molora.router.encoders import build_encoder
    from molora.router.router import Router
    from molora.router.scoring import Scorer

    router = Router(Scorer(build_encoder(task.encoder), task.head), task.head.classes, cache_size=0)
    await router.start()
    try:
        return await ask(router)
    finally:
        await router.stop()
