"""A program: the application over HTTP, with a real store and real adapters, and the hand-written engine and router."""

import asyncio
import socket
import sys
from pathlib import Path

import uvicorn

from molora.config import StoreConfig
from molora.server.app import create_app
from tests.server.fakes import FakeEngine, FakeRouter, make_config


async def main(store: Path, port: int) -> None:
    app = create_app(make_config(store=StoreConfig(folder=store, reference_gib=0)), FakeEngine(), FakeRouter())
    with socket.create_server(("127.0.0.1", port)) as listener:
        await uvicorn.Server(uvicorn.Config(app, log_level="warning")).serve(sockets=[listener])


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
