"""Sends the requests of a soak, and judges what comes back."""

import asyncio
import time
from dataclasses import dataclass

import aiohttp

from molora.benchmarks.soak.asked import Asked
from molora.benchmarks.soak.heard import Heard

HEADERS = {"content-type": "application/json"}


@dataclass(frozen=True)
class Exchange:
    """One request and what came of it. Times are seconds on one monotonic clock; at `due_s` it was to be sent.

    `status` is 0 where there was none, `first_s` when the first text of a stream came. `fault` tells what should not
    have been; what was said is kept of golden questions and of faults.
    """

    kind: str
    streams: bool
    num_pictures: int
    golden: str
    due_s: float
    sent_s: float
    first_s: float | None
    end_s: float
    status: int
    num_tokens: int = 0
    has_left: bool = False
    fault: str = ""
    said: str = ""

    @property
    def is_answered(self) -> bool:
        """Wholly, and as it should be."""
        return self.status == 200 and not self.has_left and not self.fault


class Client:
    """The first answer to a golden question is what all later ones must be."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session, self._chat = session, f"{url}/v1/chat/completions"
        self._truths: dict[str, str] = {}

    async def send(self, asked: Asked, due_s: float | None = None) -> Exchange:
        """Never raises for what the server does."""
        body, heard = asked.encode(), Heard()
        sent_s = time.perf_counter()
        await self._hear(asked, body, heard)
        end_s, fault = time.perf_counter(), self._judge(asked, heard)
        return Exchange(
            asked.kind,
            asked.streams,
            asked.num_pictures,
            asked.golden,
            sent_s if due_s is None else due_s,
            sent_s,
            heard.first_s,
            end_s,
            heard.status,
            heard.num_tokens,
            heard.has_left,
            fault,
            heard.said if asked.golden or fault else "",
        )

    async def _hear(self, asked: Asked, body: bytes, heard: Heard) -> None:
        clock = asyncio.get_running_loop().time
        try:
            async with asyncio.timeout(None if asked.streams else asked.stays_s) as patience:
                async with self._session.post(self._chat, data=body, headers=HEADERS) as response:
                    if asked.stays_s is not None:
                        patience.reschedule(clock() + asked.stays_s)
                    await heard.take(response)
        except TimeoutError:
            heard.has_left = asked.stays_s is not None
            heard.error = "" if heard.has_left else "no end in time"
        except (aiohttp.ClientError, LookupError, ValueError) as error:
            heard.error = type(error).__name__

    def _judge(self, asked: Asked, heard: Heard) -> str:
        """What should not have been."""
        if heard.error:
            return f"broken: {heard.error}"
        if heard.status != asked.status and not (heard.has_left and heard.status == 0):
            return f"status {heard.status}"
        if heard.status != 200 or heard.has_left:
            return ""
        if not heard.has_ended:
            return "broken: no end"
        is_same = not asked.golden or self._truths.setdefault(asked.golden, heard.said) == heard.said
        return "" if is_same else "another answer"
