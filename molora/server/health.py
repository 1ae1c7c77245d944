"""Whether requests are taken on. `/live`: the process runs. `/ready`: it can answer."""

import asyncio
from typing import Literal

from fastapi import APIRouter

from molora.engine.interface import Engine
from molora.errors import MoloraError, Unavailable
from molora.server.openapi import refusals

REASONS = {
    "stalled": "the engine makes no step",
    "failed": "the engine has failed and is being brought up again",
    "stopping": "the server is stopping",
}


class Health:
    """What the engine was last seen to be, and whether the server is to stop."""

    def __init__(self) -> None:
        self.engine: Literal["ready", "stalled", "failed"] = "ready"
        self.leaving = asyncio.Event()
        self.end: MoloraError | None = None
        """Why the server leaves, where nobody asked it to."""

    def check(self) -> None:
        """Raises Unavailable where no request is taken on."""
        state = "stopping" if self.leaving.is_set() else self.engine
        if state != "ready":
            raise Unavailable(REASONS[state])

    def give_up(self, error: MoloraError) -> None:
        """No engine will come again."""
        self.end = error
        self.leaving.set()


def health_routes(health: Health, engine: Engine) -> APIRouter:
    api = APIRouter()

    @api.get("/live")
    async def live() -> dict[str, str]:
        """The process runs."""
        return {"status": "live"}

    @api.get("/ready", responses=refusals(503))
    async def ready() -> dict[str, str]:
        """The engine can answer."""
        health.check()
        await engine.check_health()
        return {"status": "ready"}

    return api
