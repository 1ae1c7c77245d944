"""What every route works with."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from molora.config import Config
from molora.engine.interface import Engine
from molora.errors import Unavailable
from molora.router.interface import Router
from molora.router.policy.doubts import stand_in
from molora.router.query import Decision, Query, Wishes
from molora.server.admission import Places
from molora.server.health import Health
from molora.server.metrics import Metrics
from molora.server.pictures import Pictures
from molora.server.registry import Registry
from molora.server.under_way import UnderWay

if TYPE_CHECKING:
    from molora.server.lifecycle import Lifecycle

logger = logging.getLogger(__name__)


@dataclass
class Core:
    """One server's parts. `lifecycle` is there while it runs and has a store."""

    config: Config
    engine: Engine
    router: Router
    metrics: Metrics = field(default_factory=Metrics)
    registry: Registry = field(default_factory=Registry)
    health: Health = field(default_factory=Health)
    under_way: UnderWay = field(default_factory=UnderWay)
    lifecycle: Lifecycle | None = None
    pictures: Pictures = field(init=False)
    places: Places = field(init=False)

    def __post_init__(self) -> None:
        self.pictures = Pictures(self.config.media)
        self.places = Places(self.config.load)

    async def decide(self, query: Query, wishes: Wishes) -> Decision:
        """Raises BadRequest for wishes that cannot be met, Unavailable where the router fails and nobody stands in."""
        try:
            async with asyncio.timeout(self.config.router.timeout_s):
                decision = await self.router.route(query, wishes)
        except (Unavailable, TimeoutError) as failure:
            decision = self._fall_back(wishes, failure)
        self.metrics.observe_decision(decision)
        return decision

    def _fall_back(self, wishes: Wishes, failure: Exception) -> Decision:
        decision = stand_in("failed", wishes, tuple(self.registry), self.config.router.fallback)
        if decision is None:
            raise Unavailable("the router cannot read the question now") from failure
        logger.warning("%s answers for the router: %r", decision.expert, failure)
        return decision
