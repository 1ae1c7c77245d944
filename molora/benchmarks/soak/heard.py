"""What has come of an answer, event by event or at once."""

import time
from dataclasses import dataclass
from typing import Any

import aiohttp

from molora.benchmarks.streams import events, text_of


@dataclass
class Heard:
    """`first_s` is when the first text of a stream came, as of time.perf_counter; `error` is what broke it off."""

    status: int = 0
    said: str = ""
    first_s: float | None = None
    num_tokens: int = 0
    has_ended: bool = False
    has_left: bool = False
    error: str = ""

    async def take(self, response: aiohttp.ClientResponse) -> None:
        """Raises aiohttp.ClientError for a connection that breaks, LookupError and ValueError for what is no answer."""
        self.status = response.status
        if response.status != 200:
            self.said = await response.text()
        elif response.content_type == "text/event-stream":
            async for event in events(response):
                self._take_event(event)
        else:
            self._take_body(await response.json())

    def _take_event(self, event: dict[str, Any]) -> None:
        if text := text_of(event):
            self.first_s = self.first_s or time.perf_counter()
            self.said += text
        self.error = str(event.get("error", self.error))
        self.has_ended |= any(choice.get("finish_reason") for choice in event.get("choices", ()))
        self.num_tokens = (event.get("usage") or {}).get("completion_tokens", self.num_tokens)

    def _take_body(self, body: dict[str, Any]) -> None:
        [choice] = body["choices"]
        self.said = choice["message"]["content"] or ""
        self.has_ended = bool(choice["finish_reason"])
        self.num_tokens = body["usage"]["completion_tokens"]
