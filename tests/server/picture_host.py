"""A web server on this machine that says word for word what a test wants; how a fetcher is sent there."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.pictures import png

Answer = bytes | tuple[bytes, ...]
"""Of several parts the last one is repeated for ever."""
CERTIFICATE = Path(__file__).parent / "pictures.example.org.pem"
"""Of that name alone, signed by itself, with its key."""


def answer(body: bytes = png(), status: str = "200 OK", **headers: str) -> bytes:
    """`headers` with underscores for hyphens; a picture's type unless they say otherwise."""
    named = {"content-type": "image/png"} | {name.replace("_", "-"): value for name, value in headers.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return f"HTTP/1.1 {status}\r\n{lines}connection: close\r\n\r\n".encode() + body


def redirect(location: str, status: str = "302 Found") -> bytes:
    return answer(b"", status, location=location)


@dataclass
class PictureHost:
    """`answers` by path, nothing for any other."""

    answers: Mapping[str, Answer]
    port: int = 0
    asked: list[str] = field(default_factory=list)
    """Heads of requests."""
    dialled: list[tuple[str, int]] = field(default_factory=list)

    @property
    def paths(self) -> list[str]:
        return [head.split(" ")[1] for head in self.asked]

    async def dial(self, host: str, port: int) -> tuple[str, int]:
        self.dialled.append((host, port))
        return "127.0.0.1", self.port

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            self.asked.append((await reader.readuntil(b"\r\n\r\n")).decode())
            await self._say(writer, self.answers.get(self.paths[-1], b""))
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    async def _say(self, writer: asyncio.StreamWriter, said: Answer) -> None:
        if isinstance(said, bytes):
            writer.write(said)
            return await writer.drain()
        for part in said:
            writer.write(part)
        while True:
            writer.write(said[-1])
            await writer.drain()
            await asyncio.sleep(0.001)


@asynccontextmanager
async def hosting(answers: Mapping[str, Answer], *, tls: bool = False) -> AsyncIterator[PictureHost]:
    host = PictureHost(answers)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH) if tls else None
    if context is not None:
        context.load_cert_chain(CERTIFICATE)
    server = await asyncio.start_server(host.serve, "127.0.0.1", 0, ssl=context)
    host.port = server.sockets[0].getsockname()[1]
    async with server:
        yield host
