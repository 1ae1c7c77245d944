"""Query and wishes -> Decision, for many at once: a cache, then a batch, then the live experts and the policy."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from molora.config import Config
from molora.router import policy
from molora.router.batching import Batcher
from molora.router.cache import ScoreCache
from molora.router.encoders import SbertEncoder
from molora.router.head import Floats, load_head
from molora.router.interface import RoutedBy
from molora.router.panel import Panel, check_classes
from molora.router.query import Decision, Query, Wishes
from molora.router.scoring import Reading, Scorer

MAX_CHARACTERS = 8192


class Router:
    """One for a server. The text alone decides; pictures are not looked at.

    Experts come and go from the event loop that asks, and each change counts for every decision taken after it.
    """

    def __init__(
        self,
        scorer: Scorer,
        experts: Sequence[str],
        *,
        temperature: float = 1.0,
        max_batch: int = 64,
        cache_size: int = 10_000,
    ) -> None:
        self._panel = Panel(scorer.head, experts)
        self._calibration, self._temperature = scorer.head.calibration, temperature
        self._cache = ScoreCache(cache_size)
        self._batcher = Batcher(scorer.score, max_batch)

    async def start(self) -> None:
        """Returns when warm: the first client waits no longer than others. Raises Unavailable if the encoder fails."""
        await self._batcher.start()
        try:
            await self._batcher.score("")
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Whoever still waits gets Unavailable; may be called twice."""
        await self._batcher.stop()

    @property
    def experts(self) -> tuple[str, ...]:
        """The live ones: the configured, then the others as they came."""
        return self._panel.experts

    def routed_by(self, name: str) -> RoutedBy:
        """Whether the head was trained on an expert of that name, live or not; any other is known by its texts."""
        return self._panel.routed_by(name)

    async def read(self, texts: Sequence[str]) -> Floats:
        """[len(texts), dim] of length 1, for at least one text. Raises Unavailable."""
        readings = await asyncio.gather(*(self._read(text) for text in texts))
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
        policy.check(wishes, self.experts)
        if policy.is_by_hand(wishes):
            return policy.by_hand(wishes, self.experts)
        reading = await self._read(query.text)
        logits = self._panel.logits(reading)  # of the experts that are live now, after the wait
        return policy.decide(logits, wishes, self.experts, self._calibration, self._temperature)

    async def _read(self, text: str) -> Reading:
        text = normalise(text)
        reading = self._cache.get(text)
        if reading is None:
            reading = await self._batcher.score(text)
            self._cache.put(text, reading)
        return reading


def normalise(text: str) -> str:
    """Without the space around it, and cut well after the encoder stops reading; equal texts share a decision."""
    return text.strip()[:MAX_CHARACTERS]


def build_router(config: Config) -> Router:
    """The head is read and checked before the encoder, which takes seconds. Raises ConfigError."""
    section, experts = config.router, tuple(config.experts)
    head = load_head(section.head)
    check_classes(head, experts)
    return Router(
        Scorer(SbertEncoder(section.encoder), head),
        experts,
        temperature=section.temperature,
        max_batch=section.max_batch,
        cache_size=section.cache_size,
    )
