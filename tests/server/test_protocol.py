"""Connections over sockets: who keeps the server waiting is let go, who does not is served."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import pytest
import uvicorn
from fastapi import FastAPI

from molora.config import LimitsConfig
from molora.server.app import create_app
from molora.server.protocol import PatientProtocol
from molora.server.serving import listen_settings
from tests.server.fakes import FakeEngine, FakeRouter, make_config

HEAD = b"GET /live HTTP/1.1\r\nhost: molora\r\n"
CHAT = b"POST /v1/chat/completions HTTP/1.1\r\nhost: molora\r\ncontent-type: application/json\r\n"
BODY = json.dumps({"model": "auto", "messages": [{"role": "user", "content": "who?"}]}).encode()

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PatientProtocol, "patience_s", 0.2)


@contextmanager
def quiet(settings: uvicorn.Config) -> Iterator[uvicorn.Server]:
    """A server that leaves signals to the tests."""
    server = uvicorn.Server(settings)
    server.capture_signals = contextmanager(lambda: iter([None]))  # type: ignore[method-assign]
    yield server


@pytest.fixture
async def port(engine: FakeEngine, router: FakeRouter) -> AsyncIterator[int]:
    app: FastAPI = create_app(make_config(limits=LimitsConfig(max_body_mib=1, body_timeout_s=0.2)), engine, router)
    with socket.create_server(("127.0.0.1", 0)) as listener, quiet(listen_settings(app)) as server:
        async with app.router.lifespan_context(app):
            serving = asyncio.ensure_future(server.serve(sockets=[listener]))
            try:
                yield listener.getsockname()[1]
            finally:
                server.should_exit = True
                await serving


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[Connection]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def drip(writer: asyncio.StreamWriter, piece: bytes) -> None:
    while not writer.is_closing():
        writer.write(piece)
        await asyncio.sleep(0.02)


async def read_to_end(connection: Connection, piece: bytes = b"") -> bytes:
    """All that the server sends until it ends the connection, `piece` being sent again and again."""
    reader, writer = connection
    dripping = asyncio.ensure_future(drip(writer, piece)) if piece else None
    got = b""
    try:
        async with asyncio.timeout(30):
            while chunk := await reader.read(2**16):
                got += chunk
    except ConnectionResetError:
        pass
    finally:
        if dripping:
            dripping.cancel()
            await asyncio.gather(dripping, return_exceptions=True)
    return got


async def read_answer(reader: asyncio.StreamReader) -> bytes:
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 30)
    length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.startswith(b"content-length"))
    await reader.readexactly(length)
    return head


@pytest.mark.usefixtures("_impatient")
async def test_who_says_nothing_is_let_go(port: int) -> None:
    async with connected(port) as connection:
        assert await read_to_end(connection) == b""


@pytest.mark.usefixtures("_impatient")
async def test_a_head_that_drips_is_let_go(port: int) -> None:
    async with connected(port) as connection:
        connection[1].write(HEAD)
        assert await read_to_end(connection, b"x-a: b\r\n") == b""


@pytest.mark.usefixtures("_impatient")
async def test_the_second_head_has_a_deadline_too(port: int) -> None:
    async with connected(port) as (reader, writer):
        writer.write(HEAD + b"\r\n")
        assert b" 200 " in await read_answer(reader)
        writer.write(HEAD)
        assert await read_to_end((reader, writer), b"x-a: b\r\n") == b""


@pytest.mark.parametrize(("length", "status"), [(1_000_000, b" 408 "), (10_000_000, b" 413 ")], ids=["slow", "large"])
async def test_a_body_that_is_not_taken_is_answered_and_let_go(port: int, length: int, status: bytes) -> None:
    async with connected(port) as connection:
        connection[1].write(CHAT + b"content-length: %d\r\n\r\n" % length)
        answer = await read_to_end(connection, b" ")
        assert status in answer
        assert b"connection: close" in answer


@pytest.mark.usefixtures("_impatient")
async def test_what_is_sent_after_a_refusal_is_not_listened_to_for_long(port: int) -> None:
    async with connected(port) as connection:
        connection[1].write(b"POST /nowhere HTTP/1.1\r\nhost: molora\r\ncontent-length: 1000000\r\n\r\n")
        assert b" 404 " in await read_to_end(connection, b" ")


@pytest.mark.usefixtures("_impatient")
async def test_an_answer_may_take_longer_than_a_head(port: int, engine: FakeEngine) -> None:
    engine.endless = True
    async with connected(port) as (reader, writer):
        writer.write(CHAT + b"content-length: %d\r\n\r\n" % len(BODY) + BODY)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 1.0)
        assert not engine.aborted.is_set()
    await asyncio.wait_for(engine.aborted.wait(), 30)


async def test_a_connection_serves_many_requests(port: int) -> None:
    async with connected(port) as (reader, writer):
        for _ in range(3):
            writer.write(CHAT + b"content-length: %d\r\n\r\n" % len(BODY) + BODY)
            assert b" 200 " in await read_answer(reader)


async def test_a_websocket_is_not_opened(port: int) -> None:
    async with connected(port) as (reader, writer):
        writer.write(HEAD + b"connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\r\n")
        assert b" 200 " in await read_answer(reader)
