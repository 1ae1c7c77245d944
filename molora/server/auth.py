"""Who may ask, and who may administer the server."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Request, Security
from fastapi.security import APIKeyHeader
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from molora.config import AccessConfig, Config
from molora.errors import MoloraError, NotFound, Unauthorized
from molora.server.keys import ADMIN_KEYS, Keys

ADMIN_HEADER = "x-admin-key"
ADMIN_PATH = "/v1/experts"
ADMINISTRATOR = APIKeyHeader(
    name=ADMIN_HEADER, scheme_name="administrator", description="An administrator's key.", auto_error=False
)
ANYONE = "anyone"
"""Whose requests are where no key is asked for."""


class ClientGate:
    """ASGI middleware: raises Unauthorized for a request without a key, whatever its path, but for those that are open.

    The key's name is left in the request's state as `client`.
    """

    def __init__(self, app: ASGIApp, keys: Keys, is_open: Callable[[str], bool]) -> None:
        self.app, self.keys, self.is_open = app, keys, is_open

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope.setdefault("state", {})["client"] = self._name_client(scope)
        await self.app(scope, receive, send)

    def _name_client(self, scope: Scope) -> str:
        if not self.keys.required or self.is_open(scope["path"]):
            return ANYONE
        scheme, _, key = Headers(scope=scope).get("authorization", "").partition(" ")
        name = self.keys.find(_raw(key.strip()))
        if scheme.lower() != "bearer" or name is None:
            raise Unauthorized("the API key is missing or wrong", scheme="Bearer")
        return name


def open_paths(access: AccessConfig) -> Callable[[str], bool]:
    """Whether a path wants no client's key: the probes do not, and administration has a gate of its own."""
    free = {"/live", "/ready", ADMIN_PATH, *(["/metrics"] if access.open_metrics else [])}
    return lambda path: path in free or path.startswith(f"{ADMIN_PATH}/")


def admin_gate(config: Config) -> Callable[[Request, str | None], None]:
    """A FastAPI dependency that raises for whoever is no administrator, or is at the clients' port.

    Whoever is one is the request's `client`.
    """
    keys = Keys(ADMIN_KEYS)

    def check(request: Request, given: Annotated[str | None, Security(ADMINISTRATOR)]) -> None:
        if config.admin_port is not None and request.scope["server"][1] != config.admin_port:
            raise NotFound("no such route")
        if not keys.required:
            raise MoloraError(
                f"administration is closed: the server was started without {ADMIN_KEYS}",
                status=403,
                type="permission_error",
            )
        name = keys.find(_raw(given or ""))
        if name is None:
            raise Unauthorized(f"{ADMIN_HEADER} is missing or wrong")
        request.state.client = name

    return check


def _raw(value: str) -> bytes:
    """A header's value as it was sent."""
    return value.encode("latin-1")
