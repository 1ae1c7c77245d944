"""How a server ends: it answers what it has taken on, for a while, and tells the others."""

import asyncio
import logging
import socket
from contextlib import suppress
from types import FrameType

import uvicorn

from molora.server.core import Core

TICK_S = 0.05

logger = logging.getLogger(__name__)


class PatientServer(uvicorn.Server):
    """After SIGTERM or SIGINT it is not ready and takes nothing on, but still answers. It ends when nothing is under
    way any more; at a second signal, or after `health.drain_s`, with an error for what still is.

    It ends by itself when there is no engine any more.
    """

    def __init__(self, settings: uvicorn.Config, core: Core) -> None:
        super().__init__(settings)
        self._core = core
        self._hurries = False

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        leaving = asyncio.create_task(self._leave())
        try:
            await super().serve(sockets)
        finally:
            leaving.cancel()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Comes between any two instructions of the event loop's."""
        del sig, frame
        self._loop.call_soon_threadsafe(self._heed)

    def _heed(self) -> None:
        self._hurries = self._core.health.leaving.is_set()
        self._core.health.leaving.set()

    async def _leave(self) -> None:
        await self._core.health.leaving.wait()
        if self._core.health.end is None:
            await self._drain()
        self._core.under_way.end("the server is stopping")
        self.should_exit = True

    async def _drain(self) -> None:
        logger.warning("stopping; %d requests are under way", self._core.places.held.total())
        with suppress(TimeoutError):
            async with asyncio.timeout(self._core.config.health.drain_s):
                while not (self._core.places.is_empty() or self._hurries):  # noqa: ASYNC110  # whichever is first
                    await asyncio.sleep(TICK_S)
