"""Query and wishes -> Decision, for many at once: a cache, then a batch, then the policy."""

import time
from dataclasses import replace

from molora.config import Config
from molora.router import policy
from molora.router.batching import Batcher
from molora.router.cache import ScoreCache
from molora.router.encoders import SbertEncoder
from molora.router.head import Floats, load_head
from molora.router.query import Decision, Query, Wishes
from molora.router.scoring import Scorer, check_classes

MAX_CHARACTERS = 8192


class Router:
    """One for a server. The text alone decides; pictures are not looked at."""

    def __init__(
        self, scorer: Scorer, *, temperature: float = 1.0, max_batch: int = 64, cache_size: int = 10_000
    ) -> None:
        self.experts = scorer.experts
        self._calibration, self._temperature = scorer.calibration, temperature
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

    async def route(self, query: Query, wishes: Wishes) -> Decision:
        """Raises BadRequest for wishes that cannot be met, Unavailable if the encoder fails or the router stops."""
        start = time.perf_counter()
        decision = await self._decide(query, wishes)
        return replace(decision, router_ms=1e3 * (time.perf_counter() - start))

    async def _decide(self, query: Query, wishes: Wishes) -> Decision:
        policy.check(wishes, self.experts)
        if policy.is_by_hand(wishes):
            return policy.by_hand(wishes, self.experts)
        logits = await self._logits(normalise(query.text))
        return policy.decide(logits, wishes, self.experts, self._calibration, self._temperature)

    async def _logits(self, text: str) -> Floats:
        """[num experts], in the order of `experts`."""
        row = self._cache.get(text)
        if row is None:
            row = await self._batcher.score(text)
            self._cache.put(text, row)
        return row


def normalise(text: str) -> str:
    """Without the space around it, and cut well after the encoder stops reading; equal texts share a decision."""
    return text.strip()[:MAX_CHARACTERS]


def build_router(config: Config) -> Router:
    """The head is read and checked before the encoder, which takes seconds. Raises ConfigError."""
    section, experts = config.router, tuple(config.experts)
    head = load_head(section.head)
    check_classes(head, experts)
    return Router(
        Scorer(SbertEncoder(section.encoder), head, experts),
        temperature=section.temperature,
        max_batch=section.max_batch,
        cache_size=section.cache_size,
    )
