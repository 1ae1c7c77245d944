"""Joins questions that arrive together into one batch, and computes it in one worker thread, or on the spot.

A thread beside a busy event loop gets the interpreter every few milliseconds, and what the loop puts off waits as long
for its turn: longer than a quick encoder takes. So a quick one answers at once who comes first in a turn of the loop,
a few questions; the others of that turn are a batch.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from molora.errors import Unavailable
from molora.router.fingerprint import Asked, Fingerprint
from molora.router.query import Query
from molora.router.scoring import Reading

logger = logging.getLogger(__name__)

LATE_S = 5.0
AT_ONCE = 8
"""Questions of one turn of the event loop that a quick encoder answers one by one: others wait meanwhile."""
UNREADABLE = "the router could not read the question"

Score = Callable[[list[Query]], list[Reading]]
"""A reading for each query."""


class Batcher:
    """While one batch is computed the next one gathers: no query waits for company, and the event loop for nothing but
    a score that is `quick`."""

    def __init__(self, score: Score, max_batch: int, *, quick: bool) -> None:
        self._score = score
        self._max_batch = max_batch
        self._quick, self._answered = quick, 0
        self._queue: asyncio.Queue[Asked] = asyncio.Queue()
        self._pending: dict[Fingerprint, asyncio.Future[Reading]] = {}
        self._worker: ThreadPoolExecutor | None = None
        self._task: asyncio.Task[None] | None = None
        self._began: float | None = None

    async def start(self) -> None:
        """Idempotent; from inside the event loop that will ask."""
        if self._task is None:
            self._queue = asyncio.Queue()
            self._worker = None if self._quick else ThreadPoolExecutor(1, thread_name_prefix="molora-router")
            self._task = asyncio.create_task(self._run(), name="molora-router")

    async def stop(self) -> None:
        """Whoever still waits gets Unavailable. May be called twice; `start` may follow."""
        task, worker, self._task, self._worker = self._task, self._worker, None, None
        if task is None:
            return
        task.cancel()
        await asyncio.wait([task])
        for key in list(self._pending):
            self._fail(key, "the router has stopped")
        if worker is not None:
            await asyncio.to_thread(worker.shutdown, cancel_futures=True)

    async def score(self, asked: Asked) -> Reading:
        """A query that is already waiting is not computed again. Raises Unavailable; at once where a batch has been
        under way for LATE_S, and who knows for how long still."""
        if self._task is None:
            raise Unavailable("the router is not running")
        if self._began is not None and time.monotonic() - self._began > LATE_S:
            raise Unavailable("the router is late")
        future = self._pending.get(asked.key)
        if future is None and self._quick and self._answered < AT_ONCE:
            return self._answer(asked)
        if future is None:
            future = self._pending[asked.key] = asyncio.get_running_loop().create_future()
            future.add_done_callback(_retrieve)
            self._queue.put_nowait(asked)
        return await asyncio.shield(future)  # one client that goes away takes no answer from the others

    def _answer(self, asked: Asked) -> Reading:
        if not self._answered:
            asyncio.get_running_loop().call_soon(self._begin_turn)
        self._answered += 1
        [reading] = _score_apart(self._score, [asked.query])
        if reading is None:
            raise Unavailable(UNREADABLE)
        return reading

    def _begin_turn(self) -> None:
        self._answered = 0

    async def _run(self) -> None:
        while True:
            batch = [await self._queue.get()]
            while len(batch) < self._max_batch and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            await self._compute(batch)

    async def _compute(self, batch: list[Asked]) -> None:
        self._began = time.monotonic()
        try:
            readings = await self._read([asked.query for asked in batch])
        finally:
            self._began = None
        for asked, reading in zip(batch, readings, strict=True):
            if reading is None:
                self._fail(asked.key, UNREADABLE)
            else:
                self._pending.pop(asked.key).set_result(reading)

    async def _read(self, queries: list[Query]) -> Sequence[Reading | None]:
        if self._worker is None:
            return _score_apart(self._score, queries)
        return await asyncio.get_running_loop().run_in_executor(self._worker, _score_apart, self._score, queries)

    def _fail(self, key: Fingerprint, reason: str) -> None:
        self._pending.pop(key).set_exception(Unavailable(reason))


def _score_apart(score: Score, queries: list[Query]) -> Sequence[Reading | None]:
    """None for a query that the encoder fails on: a batch that fails is halved, so that others get their reading."""
    try:
        readings = score(queries)
        if len(readings) != len(queries):
            raise ValueError(f"{len(readings)} readings of {len(queries)} questions")
    except Exception:  # whatever the encoder raises fails these questions alone
        if len(queries) == 1:
            logger.exception("the router's encoder failed on a question")
            return [None]
        half = len(queries) // 2
        return [*_score_apart(score, queries[:half]), *_score_apart(score, queries[half:])]
    return readings


def _retrieve(future: "asyncio.Future[Reading]") -> None:
    """A failure that nobody waits for any more is no warning: it is logged already."""
    if not future.cancelled():
        future.exception()
