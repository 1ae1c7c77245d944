"""What every route works with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from molora.config import Config
from molora.engine.interface import Engine
from molora.router.interface import Router
from molora.router.query import Decision, Query, Wishes
from molora.server.metrics import Metrics
from molora.server.pictures import Pictures
from molora.server.registry import Registry

if TYPE_CHECKING:
    from molora.server.lifecycle import Lifecycle


@dataclass
class Core:
    """One server's parts. `lifecycle` is there while it runs and has a store."""

    config: Config
    engine: Engine
    router: Router
    metrics: Metrics = field(default_factory=Metrics)
    registry: Registry = field(default_factory=Registry)
    lifecycle: Lifecycle | None = None
    pictures: Pictures = field(init=False)

    def __post_init__(self) -> None:
        self.pictures = Pictures(self.config.media)

    async def decide(self, query: Query, wishes: Wishes) -> Decision:
        decision = await self.router.route(query, wishes)
        self.metrics.observe_decision(decision)
        return decision
