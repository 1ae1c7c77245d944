"""A client that goes away ends the work it asked for."""

import asyncio
import json
from typing import Any

import pytest
from fastapi import FastAPI

from tests.server.fakes import FakeEngine


@pytest.mark.parametrize("stream", [False, True])
async def test_the_engine_stops_when_the_client_goes(app: FastAPI, engine: FakeEngine, stream: bool) -> None:
    engine.endless = True
    async with app.router.lifespan_context(app):
        await asyncio.wait_for(call_and_go(app, engine, stream), 60)
        await asyncio.wait_for(engine.aborted.wait(), 60)


async def call_and_go(app: FastAPI, engine: FakeEngine, stream: bool) -> None:
    """A client that hangs up once the engine has been asked and, for a stream, has begun to answer."""
    body = {"model": "auto", "stream": stream, "messages": [{"role": "user", "content": "who?"}]}
    inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    await inbox.put({"type": "http.request", "body": json.dumps(body).encode(), "more_body": False})
    begun = asyncio.Event()

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body":
            begun.set()

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/chat/completions",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
    }
    answer = asyncio.ensure_future(app(scope, inbox.get, send))
    await (begun if stream else engine.called).wait()
    await inbox.put({"type": "http.disconnect"})
    await answer
