"""What every route works with."""

from dataclasses import dataclass, field
from typing import Protocol

from molora.config import Config
from molora.engine.interface import Engine
from molora.router.query import Decision, Query, Wishes
from molora.server.metrics import Metrics


class Router(Protocol):
    """Decides which expert answers. Concurrent calls are encoded together."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def route(self, query: Query, wishes: Wishes) -> Decision:
        """Raises BadRequest for wishes that cannot be met."""
        ...


@dataclass(frozen=True)
class Core:
    """One server's parts."""

    config: Config
    engine: Engine
    router: Router
    metrics: Metrics = field(default_factory=Metrics)

    async def decide(self, query: Query, wishes: Wishes) -> Decision:
        decision = await self.router.route(query, wishes)
        self.metrics.observe_decision(decision)
        return decision
