"""uvicorn's HTTP/1.1 for a network: strict with what it reads, and no client is waited for without end."""

import asyncio
import json
import math
from collections.abc import Callable
from typing import Any

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from molora.errors import BadRequest
from molora.server.head import MAX_HEAD_BYTES, is_plain

INVALID = "Invalid HTTP request received."


class PatientProtocol(HttpToolsProtocol):
    """While no request is being answered a connection has `patience_s` from its first byte to a whole head.

    So has one that has yet to send its first byte, and one that goes on sending what was refused. Of a request's body
    the route says how long it may take.

    An answer may take as long as it likes, but `stalled_s` in which the client's socket takes nothing of it end the
    connection. A socket takes more only once a good part of its buffer is free, so reading a byte now and then does
    not help. Whatever it leaves makes the answer wait: a slow client holds one event of its stream in memory.

    One request at a time: what comes before the answer has ended is not read, and the connection ends with the answer.
    No upgrade is taken: the request is read as if it did not ask for one.
    """

    patience_s = 10.0
    stalled_s = 60.0

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._reading, self._writing = Deadline(self.loop), Deadline(self.loop)
        self._num_unframed = 0
        """Bytes that came after the last message was complete, or after the last of a body."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=0)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._reading.clear()
        self._writing.clear()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        self._num_unframed += len(data)
        try:
            self.parser.feed_data(data)
        except HttpParserUpgrade as upgrade:
            self._read_again(data[upgrade.args[0] :])
        except HttpParserError:
            self._refuse()
        else:
            if self._num_unframed > MAX_HEAD_BYTES:
                self._refuse()
        self._watch()

    def send_400_response(self, msg: str) -> None:
        """To what is no HTTP: as every refusal looks, where uvicorn's own is text."""
        body = json.dumps(BadRequest(msg.lower().rstrip(".")).to_dict()).encode()
        head = f"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
        self.transport.write(head.encode() + b"connection: close\r\n\r\n" + body)
        self.transport.close()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._await_progress()

    def resume_writing(self) -> None:
        self._writing.clear()
        super().resume_writing()

    def on_message_begin(self) -> None:
        if not self._is_idle():
            raise HttpParserError("a request before the last one's answer")
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        if not is_plain(self.parser.get_method(), self.url, self.parser.get_http_version(), self.headers):
            raise HttpParserError("a head that can be read in two ways, or is too large")
        if not self.parser.should_upgrade():
            super().on_headers_complete()
            self.headers = []  # trailers would come into those of the request

    def on_body(self, body: bytes) -> None:
        self._num_unframed = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._num_unframed = 0
        if not self.parser.should_upgrade():
            super().on_message_complete()

    def _read_again(self, rest: bytes) -> None:
        """The head, whose parser takes what follows for another protocol, without the wish for one; then the rest."""
        lines = [b"%b %b HTTP/%b" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())]
        lines += [b"%b: %b" % header for header in self.headers if header[0] != b"upgrade"]
        self.parser = HttpRequestParser(self)
        self.data_received(b"\r\n".join([*lines, b"", rest]))

    def _refuse(self) -> None:
        """A request that is being answered is answered to its end, whatever follows it."""
        if self._is_idle() or (self.cycle.more_body and not self.cycle.response_started):
            self.logger.warning(INVALID)
            self.send_400_response(INVALID)
        elif self.cycle.more_body or self._num_unframed > MAX_HEAD_BYTES:
            self.transport.abort()
        else:
            self.cycle.keep_alive = False

    def _is_idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete  # type: ignore[redundant-expr]  # None at first

    def _watch(self) -> None:
        if self._is_idle():
            self._reading.start(self.patience_s, self.transport.abort)
        else:
            self._reading.clear()

    def _await_progress(self, num_before: float = math.inf) -> None:
        num_pending = self.transport.get_write_buffer_size()
        if num_pending < num_before:
            self._writing.start(self.stalled_s, self._await_progress, num_pending)
        else:
            self.transport.abort()


class Deadline:
    """A call that is made when its time has come, unless it is cleared before."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._handle: asyncio.TimerHandle | None = None

    def start(self, after_s: float, call: Callable[..., None], *arguments: Any) -> None:
        """Does nothing where one is running."""
        if self._handle is None:
            self._handle = self._loop.call_later(after_s, self._end, call, *arguments)

    def clear(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _end(self, call: Callable[..., None], *arguments: Any) -> None:
        self._handle = None
        call(*arguments)
