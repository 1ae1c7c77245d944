"""A deployment from configuration to HTTP and back: what `molora serve` runs."""

import asyncio
import gc
import signal
import socket
from types import FrameType

import uvicorn
from fastapi import FastAPI

from molora.config import Config
from molora.errors import ConfigError
from molora.server.app import create_app

STOP_TIMEOUT_S = 30


def serve_until_signal(config: Config) -> None:
    """Returns after SIGINT or SIGTERM, when all it started has ended. Raises ConfigError for what cannot be served."""
    listeners = [bind(config.host, port) for port in (config.port, config.admin_port) if port is not None]
    signal.signal(signal.SIGTERM, _interrupt)  # while the engine starts; then uvicorn listens for signals
    try:
        app = build_app(config)
        settings = uvicorn.Config(app, lifespan="off", log_level="info", timeout_graceful_shutdown=STOP_TIMEOUT_S)
        with asyncio.Runner(loop_factory=settings.get_loop_factory()) as runner:
            runner.run(_serve(app, uvicorn.Server(settings), listeners))
    except KeyboardInterrupt:
        pass
    finally:
        for listener in listeners:
            listener.close()


def build_app(config: Config) -> FastAPI:
    """The router first: it refuses a wrong head before vLLM is imported."""
    from molora.router.router import build_router

    router = build_router(config)
    from molora.engine.launch import VllmEngine

    return create_app(config, VllmEngine(config), router)


async def _serve(app: FastAPI, server: uvicorn.Server, listeners: list[socket.socket]) -> None:
    """The lifespan runs here and not in uvicorn, which would turn its errors into a log entry."""
    async with app.router.lifespan_context(app):
        gc.collect()
        gc.freeze()  # what was made so far stays: collections under load, which stop every request, pass it over
        await server.serve(sockets=listeners)


def bind(host: str, port: int) -> socket.socket:
    """Before anything slow starts. Raises ConfigError for an address that cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise ConfigError(f"cannot listen on {host} port {port}: {error.strerror}") from None
    return listener


def _interrupt(_signum: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
