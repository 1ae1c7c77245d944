"""The application: our own routes and no others, one handler for every error, start and stop in the lifespan."""

import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from operator import attrgetter

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from opentelemetry.trace import Tracer
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import ASGIApp, Receive, Scope, Send

from molora.config import Config
from molora.engine.interface import Engine
from molora.errors import BadRequest, MoloraError, NotFound, Unavailable
from molora.router.interface import Router
from molora.server.admission import Admission
from molora.server.auth import ClientGate, open_paths
from molora.server.chat import chat_routes
from molora.server.core import Core
from molora.server.experts import expert_routes
from molora.server.health import health_routes
from molora.server.keys import API_KEYS, Keys
from molora.server.metrics import InFlight, metrics_routes
from molora.server.models import model_routes
from molora.server.openapi import openapi_routes, refusals
from molora.server.record import Record
from molora.server.recording import Recording
from molora.server.route import route_routes
from molora.server.stage import make_stage
from molora.server.startup import start_configured, start_stored
from molora.server.traces import Tracing
from molora.server.watch import Watch

logger = logging.getLogger(__name__)


def create_app(config: Config, engine: Engine, router: Router, tracer: Tracer | None = None) -> FastAPI:
    """Nothing runs before the application's lifespan begins. Without a tracer no request is traced."""
    core = Core(config, engine, router)
    keys, is_open = Keys(API_KEYS), open_paths(config.access)
    app = FastAPI(
        title="Molora",
        openapi_url=None,
        generate_unique_id_function=attrgetter("name"),
        responses=refusals(500),
        redirect_slashes=False,  # it would send clients to whatever host their request names
        lifespan=lambda _: running(core),
    )
    app.state.core = core
    for routes in (chat_routes, route_routes, model_routes, expert_routes):
        app.include_router(routes(core))
    app.include_router(health_routes(core.health, engine))
    app.include_router(metrics_routes(core.metrics, engine))
    app.include_router(openapi_routes(app, lambda path: keys.required and not is_open(path)))
    app.add_middleware(InFlight, gauge=core.metrics.in_flight)
    app.add_middleware(Admission, places=core.places, health=core.health, metrics=core.metrics)
    app.add_middleware(ClientGate, keys=keys, is_open=is_open)
    app.add_middleware(Answering)  # the last is the outermost
    for kind in (MoloraError, HTTPException, Exception):
        app.add_exception_handler(kind, answer_error)
    stack = app.build_middleware_stack()  # whose outermost answers what nobody foresaw: that is recorded as well
    app.middleware_stack = Recording(stack if tracer is None else Tracing(stack, tracer), config.logs)
    return app


class Answering:
    """ASGI middleware: what those within raise is answered as any other error is."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self.app(scope, receive, send)
        except MoloraError as error:
            response = await answer_error(Request(scope), error)
            await response(scope, receive, send)


@asynccontextmanager
async def running(core: Core) -> AsyncIterator[None]:
    """The router comes first: it refuses a wrong head in a second, the engine takes longer to start."""
    async with AsyncExitStack() as started:
        started.push_async_callback(core.router.stop)
        await core.router.start()
        started.push_async_callback(core.engine.stop)
        await core.engine.start()
        stage = await make_stage(core)
        await start_configured(core, stage)
        core.lifecycle = await start_stored(core, stage)
        if core.lifecycle is not None:
            started.push_async_callback(core.lifecycle.stop)
        watch = Watch(core, stage)
        started.push_async_callback(watch.stop)
        watch.start()
        yield


async def answer_error(request: Request, error: Exception) -> JSONResponse:
    shown = _as_molora(error)
    record: Record = request.state.record
    record.take_error(shown)
    if shown.status == 405:
        shown.headers = {"allow": ", ".join(sorted(_methods(request)))}
    if shown.status >= 500 and not isinstance(shown, Unavailable):
        logger.error("a request failed", exc_info=error, extra={"fields": {"request_id": record.request_id}})
    return JSONResponse(shown.to_dict(), status_code=shown.status, headers=shown.headers)


def _as_molora(error: Exception) -> MoloraError:
    if isinstance(error, MoloraError):
        return error
    if isinstance(error, HTTPException):
        return (
            NotFound("no such route")
            if error.status_code == 404
            else BadRequest(error.detail.lower(), status=error.status_code)
        )
    return MoloraError("internal error")


def _methods(request: Request) -> set[str]:
    """Of all routes of its path; Starlette tells those of the first."""
    routes = [route for route in request.app.routes if route.matches(request.scope)[0] != Match.NONE]
    return {method for route in routes for method in route.methods}
