"""Streamed answers of chat requests, event by event."""

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp


def open_session() -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=1)  # the server that waits its turn closes idle ones
    return aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=600))


async def events(response: aiohttp.ClientResponse) -> AsyncIterator[dict[str, Any]]:
    """Of a stream, as they come; the mark that closes it is none."""
    async for line in response.content:
        data = line.strip().removeprefix(b"data: ")
        if data.startswith(b"{"):
            yield json.loads(data)


def text_of(event: dict[str, Any]) -> str:
    return "".join(choice["delta"].get("content") or "" for choice in event.get("choices", ()))
