"""Connections over sockets: who keeps the server waiting or speaks unclearly is let go, who does not is served."""

import asyncio
import json
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from molora.config import LimitsConfig, LoadConfig
from molora.engine.interface import Usage
from molora.server.app import create_app
from molora.server.protocol import PatientProtocol
from molora.server.serving import listen_settings
from tests.server.fakes import FakeEngine, FakeRouter, make_config
from tests.server.hostile_requests import BODIES, CHUNKED, GET, HEADS, HOST, PLAIN, POST, WITHOUT_END

HEAD = b"GET /live HTTP/1.1\r\nhost: molora\r\n"
CHAT = b"POST /v1/chat/completions HTTP/1.1\r\nhost: molora\r\ncontent-type: application/json\r\n"
ASKED = {"model": "auto", "messages": [{"role": "user", "content": "who?"}]}
BODY = json.dumps(ASKED).encode()
STREAM = json.dumps(ASKED | {"stream": True}).encode()

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PatientProtocol, "patience_s", 0.2)


@pytest.fixture
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is let go for the time that passes."""
    monkeypatch.setattr(PatientProtocol, "patience_s", 10_000)


@pytest.fixture
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PatientProtocol, "stalled_s", 0.2)


@contextmanager
def quiet(settings: uvicorn.Config) -> Iterator[uvicorn.Server]:
    """A server that leaves signals to the tests."""
    server = uvicorn.Server(settings)
    server.capture_signals = contextmanager(lambda: iter([None]))  # type: ignore[method-assign]
    yield server


@asynccontextmanager
async def listening(app: Any) -> AsyncIterator[tuple[int, uvicorn.Server]]:
    with socket.create_server(("127.0.0.1", 0)) as listener, quiet(listen_settings(app)) as server:
        serving = asyncio.ensure_future(server.serve(sockets=[listener]))
        try:
            yield listener.getsockname()[1], server
        finally:
            server.should_exit = True
            await serving


@pytest.fixture
async def port(engine: FakeEngine, router: FakeRouter) -> AsyncIterator[int]:
    app: FastAPI = create_app(make_config(limits=LimitsConfig(max_body_mib=1, body_timeout_s=0.2)), engine, router)
    async with app.router.lifespan_context(app), listening(app) as (number, _):
        yield number


@dataclass
class Recorder:
    """An application that takes whatever comes and keeps it."""

    scopes: list[Scope] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    """Those that came whole."""
    answer: bytes = b""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scopes.append(scope)
        body, message = b"", await receive()
        while message["type"] == "http.request" and message["more_body"]:
            body, message = body + message["body"], await receive()
        if message["type"] == "http.request":
            self.bodies.append(body + message["body"])
            headers = [(b"content-length", b"%d" % len(self.answer))]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": self.answer})


@pytest.fixture(scope="module")
async def recording() -> AsyncIterator[tuple[int, Recorder]]:
    async with listening(recorder := Recorder()) as (number, _):
        yield number, recorder


@pytest.fixture
def recorder(recording: tuple[int, Recorder]) -> Recorder:
    recording[1].scopes.clear()
    recording[1].bodies.clear()
    return recording[1]


@pytest.fixture
def recorded(recording: tuple[int, Recorder]) -> int:
    return recording[0]


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110  # the server says nothing of it
            await asyncio.sleep(0.01)


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


async def test_who_asks_ahead_and_goes_is_seen_to_go(port: int, engine: FakeEngine) -> None:
    engine.endless = True
    asked = CHAT + b"content-length: %d\r\n\r\n" % len(BODY) + BODY
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(asked)
    await asyncio.wait_for(engine.called.wait(), 30)
    writer.write(asked)
    writer.close()
    await asyncio.wait_for(engine.aborted.wait(), 30)


@pytest.mark.parametrize("stream", [False, True])
async def test_clients_that_go_leave_no_task(port: int, engine: FakeEngine, stream: bool) -> None:
    engine.endless = True
    body = json.dumps({"model": "auto", "stream": stream, "messages": [{"role": "user", "content": "who?"}]}).encode()
    asked = CHAT + b"content-length: %d\r\n\r\n" % len(body) + body
    before = asyncio.all_tasks()
    for number in range(50):
        async with connected(port) as (_, writer):
            writer.write(asked[: len(asked) - number % 2])
            await asyncio.sleep(0.001 * (number % 5))
    async with asyncio.timeout(30):
        while asyncio.all_tasks() - before:  # noqa: ASYNC110  # the server's
            await asyncio.sleep(0.01)


async def test_a_connection_serves_many_requests(port: int) -> None:
    async with connected(port) as (reader, writer):
        for _ in range(3):
            writer.write(CHAT + b"content-length: %d\r\n\r\n" % len(BODY) + BODY)
            assert b" 200 " in await read_answer(reader)


async def test_a_websocket_is_not_opened(port: int) -> None:
    async with connected(port) as (reader, writer):
        writer.write(HEAD + b"connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\r\n")
        assert b" 200 " in await read_answer(reader)


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
async def test_a_head_that_may_be_read_in_two_ways_is_refused(recorded: int, recorder: Recorder, head: bytes) -> None:
    async with connected(recorded) as connection:
        connection[1].write(head)
        assert (await read_to_end(connection)).startswith(b"HTTP/1.1 400 ")
    assert recorder.scopes == []


@pytest.mark.parametrize("request_", BODIES.values(), ids=BODIES)
async def test_a_body_that_may_be_read_in_two_ways_is_refused(
    recorded: int, recorder: Recorder, request_: bytes
) -> None:
    async with connected(recorded) as connection:
        connection[1].write(request_)
        assert (await read_to_end(connection)).startswith(b"HTTP/1.1 400 ")
    assert recorder.bodies == []


@pytest.mark.usefixtures("_patient")
@pytest.mark.parametrize(("beginning", "piece"), WITHOUT_END.values(), ids=WITHOUT_END)
async def test_what_has_no_end_is_not_read_for_long(
    recorded: int, recorder: Recorder, beginning: bytes, piece: bytes
) -> None:
    async with connected(recorded) as connection:
        connection[1].write(beginning)
        assert b" 200 " not in await read_to_end(connection, piece * 10_000)
    assert recorder.bodies == []


@pytest.mark.parametrize(("request_", "body"), PLAIN.values(), ids=PLAIN)
async def test_what_is_plain_is_served(recorded: int, recorder: Recorder, request_: bytes, body: bytes) -> None:
    async with connected(recorded) as (reader, writer):
        writer.write(request_)
        assert b" 200 " in await read_answer(reader)
    assert recorder.bodies == [body]


async def test_a_head_may_be_as_large_as_the_one_before(recorded: int) -> None:
    async with connected(recorded) as (reader, writer):
        for _ in range(3):
            writer.write(GET + b"x: " + b"a" * 60_000 + b"\r\n\r\n")
            assert b" 200 " in await read_answer(reader)


async def test_a_trailer_is_no_header(recorded: int, recorder: Recorder) -> None:
    async with connected(recorded) as (reader, writer):
        writer.write(CHUNKED + b"0\r\nx-admin-key: a\r\n\r\n")
        await read_answer(reader)
    assert [name for name, _ in recorder.scopes[0]["headers"]] == [b"host", b"transfer-encoding"]


@pytest.mark.parametrize("is_split", [False, True], ids=["at once", "in two"])
async def test_a_body_after_an_upgrade_is_a_body(recorded: int, recorder: Recorder, is_split: bool) -> None:
    body = GET + b"\r\n"
    head = POST + b"connection: upgrade\r\nupgrade: h2c\r\ncontent-length: %d\r\n\r\n" % len(body)
    async with connected(recorded) as (reader, writer):
        writer.write(head)
        if is_split:
            await until(lambda: bool(recorder.scopes))
        writer.write(body)
        await read_answer(reader)
        writer.write(GET + b"\r\n")
        await read_answer(reader)
    assert recorder.bodies == [body, b""]


async def test_an_upload_may_wait_to_be_asked_for(recorded: int, recorder: Recorder) -> None:
    async with connected(recorded) as (reader, writer):
        writer.write(POST + b"expect: 100-continue\r\ncontent-length: 3\r\n\r\n")
        assert await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 30) == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"abc")
        assert b" 200 " in await read_answer(reader)
    assert recorder.bodies == [b"abc"]


@pytest.mark.parametrize("after", [b"GET /b HTTP/1.1\r\n" + HOST + b"\r\n", b"\x00", b"\r\n" * 4 + b"G"])
async def test_what_follows_before_the_answer_is_not_read(recorded: int, recorder: Recorder, after: bytes) -> None:
    async with connected(recorded) as connection:
        connection[1].write(POST + b"content-length: 3\r\n\r\nabc" + after)
        answer = await read_to_end(connection)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.count(b"HTTP/1.1") == answer.count(b"connection: close") == 1
    assert recorder.bodies == [b"abc"]


async def test_who_goes_on_sending_while_answered_is_let_go(port: int, engine: FakeEngine) -> None:
    engine.endless = True
    async with connected(port) as connection:
        connection[1].write(CHAT + b"content-length: %d\r\n\r\n" % len(BODY) + BODY)
        assert await read_to_end(connection, GET * 1000) == b""
        await asyncio.wait_for(engine.aborted.wait(), 30)


class Flood(FakeEngine):
    """Streams more than any socket holds."""

    async def _chunks(self, expert: str, _: Usage) -> AsyncGenerator[str, None]:
        try:
            while True:
                await asyncio.sleep(0)
                yield f"data: {expert * 10_000}\n\n"
        finally:
            self.aborted.set()


async def sip(reader: asyncio.StreamReader) -> None:
    while True:
        await reader.read(1)
        await asyncio.sleep(0.02)


@pytest.mark.usefixtures("_hurried")
@pytest.mark.parametrize("sips", [False, True], ids=["nothing", "a byte now and then"])
async def test_who_does_not_read_the_answer_gives_up_the_place(router: FakeRouter, sips: bool) -> None:
    engine = Flood()
    app = create_app(make_config(load=LoadConfig(max_requests=1)), engine, router)
    async with (
        app.router.lifespan_context(app),
        listening(app) as (number, _),
        connected(number) as (reader, writer),
    ):
        writer.write(CHAT + b"content-length: %d\r\n\r\n" % len(STREAM) + STREAM)
        sipping = asyncio.ensure_future(sip(reader)) if sips else None
        await asyncio.wait_for(engine.aborted.wait(), 30)
        async with connected(number) as (another, asking):
            answer = b" 503 "
            while b" 503 " in answer:  # until the middleware has heard of it too
                asking.write(CHAT + b"content-length: %d\r\n\r\n" % len(BODY) + BODY)
                answer = await read_answer(another)
            assert b" 200 " in answer
        if sipping:
            sipping.cancel()


@pytest.mark.usefixtures("_hurried")
async def test_who_does_not_read_the_last_answer_is_let_go() -> None:
    recorder = Recorder(answer=bytes(2**26))
    async with listening(recorder) as (number, server), connected(number) as (_, writer):
        writer.write(GET + b"connection: close\r\n\r\n")
        await until(lambda: bool(recorder.bodies))
        await until(lambda: not server.server_state.connections)


async def test_nothing_more_is_written_while_anything_is_left_over(recorder: Recorder) -> None:
    async with listening(recorder) as (number, server), connected(number):
        await until(lambda: bool(server.server_state.connections))
        (protocol,) = server.server_state.connections
        assert protocol.transport.get_write_buffer_limits() == (0, 0)


class Socket(asyncio.Transport):
    """Has `pending` bytes still to send, one number each time that it is asked."""

    def __init__(self, *pending: int) -> None:
        super().__init__()
        self.pending = list(pending)
        self.aborted = asyncio.Event()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def get_write_buffer_size(self) -> int:
        return self.pending.pop(0)

    def abort(self) -> None:
        self.aborted.set()

    def close(self) -> None:
        self.abort()


@pytest.fixture
async def protocol(monkeypatch: pytest.MonkeyPatch, recorder: Recorder) -> PatientProtocol:
    """Has no time at all for those who do not read."""
    monkeypatch.setattr(PatientProtocol, "stalled_s", 0.0)
    return PatientProtocol(listen_settings(recorder), ServerState(), {})  # type: ignore[arg-type]  # any application


@pytest.mark.parametrize("pending", [(5, 5), (5, 4, 3, 3), (5, 1, 2)])
async def test_who_takes_some_of_the_answer_is_waited_for(protocol: PatientProtocol, pending: tuple[int, ...]) -> None:
    transport = Socket(*pending)
    protocol.connection_made(transport)
    protocol.pause_writing()
    await asyncio.wait_for(transport.aborted.wait(), 30)
    protocol.connection_lost(None)
    assert transport.pending == []


async def test_who_has_taken_all_of_the_answer_is_not_let_go(protocol: PatientProtocol) -> None:
    transport = Socket(5, 5)
    protocol.connection_made(transport)
    protocol.pause_writing()
    protocol.resume_writing()
    await asyncio.sleep(0.05)
    assert not transport.aborted.is_set()
    protocol.connection_lost(None)


@pytest.mark.parametrize(
    "said",
    [
        b"hello\r\n\r\n",
        b"GET /live HTTP/1.1\r\nhost molora\r\n\r\n",
        b"GET /live HTTP/1.1\r\nhost: molora\r\nx: a\0b\r\n\r\n",
        CHAT + b"content-length: 5\r\ncontent-length: 6\r\n\r\n",
        CHAT + b"content-length: -1\r\n\r\n",
        CHAT + b"transfer-encoding: gzip\r\n\r\n",
        HEAD + b"x: " + b"a" * 100_000,
    ],
)
async def test_what_is_no_http_is_refused_as_anything_else(port: int, said: bytes) -> None:
    async with connected(port) as connection:
        connection[1].write(said)
        head, _, body = (await read_to_end(connection)).partition(b"\r\n\r\n")
    assert head.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 431 ", b"HTTP/1.1 501 "))
    assert json.loads(body)["error"]["type"] == "invalid_request_error"
