"""A request's name: the client's own where it is sound, one that is made where it is not."""

import re
from typing import Any
from uuid import uuid4

from starlette.datastructures import Headers

from molora.errors import BadRequest

HEADER = "x-request-id"
SOUND = re.compile(r"[A-Za-z0-9._:+/=@-]{1,128}")


def make_id() -> str:
    return uuid4().hex


def read_id(headers: Headers) -> str | None:
    """None for one that may stand in no log and no header, as proxies would have it: they send what they like."""
    given = headers.get(HEADER, "")
    return given if SOUND.fullmatch(given) else None


def check_id(given: Any) -> str:
    """Raises BadRequest."""
    if not isinstance(given, str) or not SOUND.fullmatch(given):
        raise BadRequest("request_id has at most 128 letters, digits and ._:+/=@-", param="request_id")
    return given
