"""Requests being answered, and an end to all of them when the server cannot wait any longer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from molora.errors import Unavailable


class UnderWay:
    """What waits for the engine does so within `one`."""

    def __init__(self) -> None:
        self._open: set[asyncio.Timeout] = set()
        self._reason = ""

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Raises Unavailable within it as soon as all are to end, and for whoever comes later."""
        if self._reason:
            raise Unavailable(self._reason)
        limit = asyncio.timeout(None)
        try:
            async with limit:
                self._open.add(limit)
                yield
        except TimeoutError:
            if limit.expired():
                raise Unavailable(self._reason) from None
            raise
        finally:
            self._open.discard(limit)

    def end(self, reason: str) -> None:
        """All, for this reason."""
        self._reason = reason
        now = asyncio.get_running_loop().time()
        for limit in self._open:
            limit.reschedule(now)
