"""uvicorn's HTTP/1.1, and a deadline where a client that sends nothing, or a byte now and then, would be waited for."""

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol


class PatientProtocol(H11Protocol):
    """While no request is being answered a connection has `patience_s` from its first byte to a whole head.

    So has one that has yet to send its first byte, and one that goes on sending what was refused. Of a request's body
    the route says how long it may take.
    """

    patience_s = 10.0

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()
        super().connection_lost(exc)

    def _watch(self) -> None:
        if not self._is_idle():
            self._forget()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(self.patience_s, self._give_up)

    def _is_idle(self) -> bool:
        return self.conn.our_state not in (h11.SEND_RESPONSE, h11.SEND_BODY)

    def _forget(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._deadline = None
        if self._is_idle():
            self.transport.abort()
