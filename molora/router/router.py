"""Query and wishes -> Decision, for many at once: a cache, then a batch, then the live experts and the policy."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from threadpoolctl import threadpool_limits

from molora.config import Config, PolicyConfig
from molora.router.batching import Batcher
from molora.router.cache import ScoreCache
from molora.router.encoders import build_encoder
from molora.router.encoders.fit import fit
from molora.router.features import Floats
from molora.router.fingerprint import Asked, fingerprint
from molora.router.head import load_head
from molora.router.interface import RoutedBy
from molora.router.layers import softmax
from molora.router.panel import Panel, check_classes
from molora.router.policy import Lineup, Sight, decide
from molora.router.policy.by_hand import by_hand
from molora.router.policy.checks import check, is_by_hand
from molora.router.policy.sticky import take_earlier
from molora.router.query import Decision, Query, Wishes
from molora.router.scoring import Reading, Scorer

MAX_CHARACTERS = 8192
DEFAULT_RULES = PolicyConfig()
FEW_PIXELS = 128 * 128
"""Of a query's pictures: more are not for the event loop to go through."""


class Router:
    """One for a server. Pictures are looked at where the encoder looks at any.

    Experts come and go from the event loop that asks, and each change counts for every decision taken after it.
    """

    def __init__(
        self,
        scorer: Scorer,
        experts: Sequence[str],
        *,
        rules: PolicyConfig = DEFAULT_RULES,
        max_batch: int = 64,
        cache_size: int = 10_000,
    ) -> None:
        self._panel = Panel(scorer.head, experts)
        self._calibration, self._rules = scorer.head.calibration, rules
        self._cache = ScoreCache(cache_size)
        self._looks = scorer.looks
        self._blas: threadpool_limits | None = None
        self._batcher = Batcher(scorer.score, max_batch, quick=scorer.quick)

    async def start(self) -> None:
        """Returns when warm: the first client waits no longer than others. Raises Unavailable if the encoder fails.

        Until it is stopped BLAS has one thread: beside an engine that keeps the cores busy its threads wait for each
        other longer than one alone takes.
        """
        self._blas = self._blas or threadpool_limits(1, user_api="blas")
        await self._batcher.start()
        try:
            reading = await self._batcher.score(ask(Query(""), looks=self._looks))
            softmax(reading.logits[None], self._calibration)  # compiled now, not for the first client
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Whoever still waits gets Unavailable; may be called twice."""
        await self._batcher.stop()
        if self._blas is not None:
            self._blas.restore_original_limits()
            self._blas = None

    @property
    def experts(self) -> tuple[str, ...]:
        """The live ones: the configured, then the others as they came."""
        return self._panel.experts

    def routed_by(self, name: str) -> RoutedBy:
        """Whether the head was trained on an expert of that name, live or not; any other is known by its texts."""
        return self._panel.routed_by(name)

    async def read(self, texts: Sequence[str]) -> Floats:
        """[len(texts), dim] of length 1, for at least one text. Raises Unavailable."""
        readings = await self._read_all([Query(text) for text in texts])
        return np.stack([reading.vector for reading in readings])

    def set_expert(self, name: str, vectors: Floats) -> None:
        """Adds or replaces. `vectors` are its texts as `read` gives them: its description and questions it is for.
        Where the head routes it they do not count."""
        self._panel.set(name, vectors)

    def remove_expert(self, name: str) -> None:
        """KeyError for one that is not live."""
        self._panel.remove(name)

    async def route(self, query: Query, wishes: Wishes) -> Decision:
        """Raises BadRequest for wishes that cannot be met, Unavailable if the encoder fails or the router stops."""
        start = time.perf_counter()
        decision = await self._decide(query, wishes)
        return replace(decision, router_ms=1e3 * (time.perf_counter() - start))

    async def _decide(self, query: Query, wishes: Wishes) -> Decision:
        check(wishes, self.experts)
        if is_by_hand(wishes):
            return by_hand(wishes, self.experts)
        turns = (*take_earlier(query, wishes, self._rules), query)
        readings = await self._read_all(turns)
        *earlier, sight = map(self._see, turns, readings)  # by the experts that are live now, after the wait
        newcomers = [name for name in self.experts if self.routed_by(name) == "examples"]
        return decide(sight, wishes, Lineup(self.experts, self._calibration, newcomers), self._rules, earlier)

    def _see(self, query: Query, reading: Reading) -> Sight:
        """Where there is nothing to read the question is like none."""
        is_blank = not query.text.strip() and not (self._looks and query.images)
        return Sight(self._panel.logits(reading), 0.0 if is_blank else reading.typicality)

    async def _read_all(self, queries: Sequence[Query]) -> Sequence[Reading]:
        if len(queries) == 1:  # a task of its own would wait for its turn
            return [await self._read(queries[0])]
        return await asyncio.gather(*map(self._read, queries))

    async def _read(self, query: Query) -> Reading:
        asked = await self._ask(query)
        reading = self._cache.get(asked.key)
        if reading is None:
            reading = await self._batcher.score(asked)
            self._cache.put(asked.key, reading)
        return reading

    async def _ask(self, query: Query) -> Asked:
        num_pixels = sum(picture.width * picture.height for picture in query.images)
        if self._looks and num_pixels > FEW_PIXELS:
            return await asyncio.to_thread(ask, query, looks=True)
        return ask(query, looks=self._looks)


def ask(query: Query, *, looks: bool) -> Asked:
    """The query as the encoder reads it: without pictures that it does not look at, and those that it does shrunk now,
    so that little is hashed and held. Equal ones share a reading."""
    read = Query(normalise(query.text), tuple(map(fit, query.images)) if looks else ())
    return Asked(fingerprint(read, looks=looks), read)


def normalise(text: str) -> str:
    """Without the space around it, and cut well after the encoder stops reading."""
    return text.strip()[:MAX_CHARACTERS]


def build_router(config: Config) -> Router:
    """The head is read and checked before the encoder, which takes seconds. Raises ConfigError."""
    section, experts = config.router, tuple(config.experts)
    head = load_head(section.head)
    check_classes(head, experts)
    return Router(
        Scorer(build_encoder(section.encoder), head),
        experts,
        rules=section,
        max_batch=section.max_batch,
        cache_size=section.cache_size,
    )
