"""Sees whether the engine makes steps, ends one that does not, and brings up another."""

import asyncio
import logging
import time
from collections import deque
from contextlib import nullcontext, suppress

from molora.errors import MoloraError, Unavailable
from molora.server.core import Core
from molora.server.stage import Stage

TICK_S = 0.25
HOUR_S = 3600.0

logger = logging.getLogger(__name__)


class Watch:
    """One for a server. Silence is counted in ticks: while this process gets no time no engine grows silent."""

    def __init__(self, core: Core, stage: Stage) -> None:
        self._core, self._engine, self._health, self._stage = core, core.engine, core.health, stage
        self._limits = core.config.health
        self._seen, self._silent_s = self._engine.num_steps, 0.0
        self._beat: asyncio.Task[None] | None = None
        self._failures: deque[float] = deque(maxlen=self._limits.max_restarts)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="molora-watch")

    async def stop(self) -> None:
        """May be called twice."""
        tasks = [task for task in (self._task, self._beat) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self) -> None:
        try:
            while self._health.end is None:
                await asyncio.sleep(TICK_S)
                if failure := await self._look():
                    await self._replace(failure)
        except Exception as error:  # whatever it is: nobody sees to the engine any more
            logger.exception("the engine cannot be watched")
            self._health.give_up(MoloraError(f"the engine cannot be watched: {error}"))

    async def _look(self) -> str | None:
        """How the engine has failed, if it has."""
        try:
            await self._engine.check_health()
        except Unavailable:
            return "died"
        seen, self._seen = self._seen, self._engine.num_steps
        self._silent_s = 0.0 if seen != self._seen else self._silent_s + TICK_S
        if self._silent_s >= self._limits.canary_s and (self._beat is None or self._beat.done()):
            self._beat = asyncio.create_task(self._ask())
        self._health.engine = "stalled" if self._silent_s >= self._limits.stalled_s else "ready"
        return "fell silent" if self._silent_s >= self._limits.failed_s else None

    async def _ask(self) -> None:
        with suppress(Unavailable):
            await self._engine.beat()

    async def _replace(self, failure: str) -> None:
        """The old one's requests end with an error; no expert changes until the new one has them all."""
        logger.error("the engine %s", failure)
        self._health.engine = "failed"
        self._core.metrics.count_engine_failure(failure)
        await self._engine.kill()
        if not self._may_restart():
            self._health.give_up(MoloraError(f"the engine {failure}"))
            return
        try:
            await self._start_another()
        except MoloraError:  # the next look finds it dead
            logger.exception("no other engine could be started")

    async def _start_another(self) -> None:
        lifecycle = self._core.lifecycle
        async with lifecycle.changing if lifecycle else nullcontext():
            await self._engine.stop()
            await self._engine.start()
            await self._stage.reload()
        self._seen, self._silent_s, self._health.engine = self._engine.num_steps, 0.0, "ready"
        logger.warning("the engine is back, with %d experts", len(self._core.registry))

    def _may_restart(self) -> bool:
        if self._limits.on_failure == "exit":
            return False
        full, oldest = len(self._failures) == self._failures.maxlen, self._failures[0] if self._failures else 0.0
        self._failures.append(time.monotonic())
        return not full or self._failures[-1] - oldest > HOUR_S
