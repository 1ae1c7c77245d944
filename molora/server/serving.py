"""A deployment from configuration to HTTP and back: what `molora serve` runs."""

import asyncio
import gc
import ipaddress
import logging
import signal
import socket
import sys
from types import FrameType

import uvicorn
from fastapi import FastAPI
from opentelemetry.trace import Tracer

from molora.config import AccessConfig, Config
from molora.errors import ConfigError
from molora.server.app import create_app
from molora.server.core import Core
from molora.server.departure import PatientServer
from molora.server.exporting import exporting_traces
from molora.server.keys import API_KEYS, Keys
from molora.server.logs import writing_logs
from molora.server.protocol import PatientProtocol

STOP_TIMEOUT_S = 5
"""For connections to end when all that was under way has."""
KEEP_ALIVE_S = 30

logger = logging.getLogger(__name__)


def serve_until_signal(config: Config) -> None:
    """Returns after SIGINT or SIGTERM, when all it started has ended. Raises ConfigError for what cannot be served,
    MoloraError when there is no engine any more."""
    listeners = [bind(config.host, port) for port in (config.port, config.admin_port) if port is not None]
    signal.signal(signal.SIGTERM, _interrupt)  # while the engine starts; then uvicorn listens for signals
    try:
        with writing_logs(config.logs, sys.stdout), exporting_traces() as tracer:
            check_reach(listeners[0], config.access)
            app = build_app(config, tracer)
            settings = listen_settings(app)
            with asyncio.Runner(loop_factory=settings.get_loop_factory()) as runner:
                runner.run(serve(app, settings, listeners))
    except KeyboardInterrupt:
        pass
    finally:
        for listener in listeners:
            listener.close()


def check_reach(listener: socket.socket, access: AccessConfig) -> None:
    """Raises ConfigError where anyone on another machine would be served and nobody said so."""
    if Keys(API_KEYS).required:
        return
    host, port = listener.getsockname()[:2]
    if not ipaddress.ip_address(host).is_loopback and not access.open:
        raise ConfigError(
            f"{host} can be reached from other machines and there are no clients' keys: set {API_KEYS} or "
            f"{API_KEYS}_FILE, or 'access: {{open: true}}' in the configuration to serve anyone"
        )
    logger.warning("OPEN: no %s, so whoever reaches %s port %d is served", API_KEYS, host, port)


def listen_settings(app: FastAPI) -> uvicorn.Config:
    """HTTP/1.1 and nothing else; no connection is kept for a client that has nothing to say."""
    return uvicorn.Config(
        app,
        http=PatientProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="info",
        access_log=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=STOP_TIMEOUT_S,
    )


def build_app(config: Config, tracer: Tracer | None = None) -> FastAPI:
    """The router first: it refuses a wrong head before vLLM is imported."""
    from molora.router.router import build_router

    router = build_router(config)
    from molora.engine.launch import VllmEngine

    return create_app(config, VllmEngine(config), router, tracer)


async def serve(app: FastAPI, settings: uvicorn.Config, listeners: list[socket.socket]) -> None:
    """The lifespan runs here and not in uvicorn, which would turn its errors into a log entry."""
    core: Core = app.state.core
    async with app.router.lifespan_context(app):
        gc.collect()
        gc.freeze()  # what was made so far stays: collections under load, which stop every request, pass it over
        await PatientServer(settings, core).serve(sockets=listeners)
    if core.health.end is not None:
        raise core.health.end


def bind(host: str, port: int) -> socket.socket:
    """Before anything slow starts. Raises ConfigError for an address that cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, proto=socket.IPPROTO_TCP)  # named, or asyncio holds back small packets
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise ConfigError(f"cannot listen on {host} port {port}: {error.strerror}") from None
    return listener


def _interrupt(_signum: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
