"""Who may administer the server: keys from the environment, told by a header of their own."""

import hashlib
import hmac
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from fastapi import Request

from molora.config import Config
from molora.errors import ConfigError, MoloraError, NotFound

ADMIN_HEADER = "x-admin-key"
ADMIN_KEYS = "MOLORA_ADMIN_KEYS"
"""Comma-separated; with _FILE behind it, the name of a file with one key a line."""


def admin_gate(config: Config) -> Callable[[Request], None]:
    """A FastAPI dependency that raises for whoever is no administrator, or is at the clients' port."""
    hashes = [_hash(key) for key in read_keys(ADMIN_KEYS)]

    def check(request: Request) -> None:
        if config.admin_port is not None and request.scope["server"][1] != config.admin_port:
            raise NotFound("no such route")
        if not hashes:
            raise MoloraError(
                f"administration is closed: the server was started without {ADMIN_KEYS}",
                status=403,
                type="permission_error",
            )
        given = _hash(request.headers.get(ADMIN_HEADER, ""))
        if not any([hmac.compare_digest(given, known) for known in hashes]):  # noqa: C419  # all: in constant time
            raise MoloraError(f"{ADMIN_HEADER} is missing or wrong", status=401, type="authentication_error")

    return check


def read_keys(variable: str) -> list[str]:
    """Raises ConfigError for a file that cannot be read."""
    return [key for key in map(str.strip, _read(variable)) if key]


def _read(variable: str) -> Iterator[str]:
    yield from os.environ.get(variable, "").split(",")
    if file := os.environ.get(f"{variable}_FILE"):
        try:
            yield from Path(file).read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{variable}_FILE: {file}: cannot be read: {error}") from None


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
