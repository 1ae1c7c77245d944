"""A request's JSON body, read within limits and checked by hand so that every refusal is OpenAI-shaped."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.requests import ClientDisconnect
from starlette.types import Message

from molora.config import LimitsConfig
from molora.errors import BadRequest, Unread

MIB = 2**20
MAX_DEPTH = 64
MAX_VALUES = 250_000
"""Reading stops everything else: this many take a quarter of a second."""
MAX_INTEGER = 2**63
Model = TypeVar("Model", bound=BaseModel)


class Strict(BaseModel):
    """Part of a request: an unknown key is refused, and a value that would have to be converted."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


async def read_json(request: Request, limits: LimitsConfig) -> dict[str, Any]:
    """Raises BadRequest for anything but a JSON object sent as one; Unread for one that is too large or too slow."""
    limited = limit_body(request, limits.max_body_mib * MIB)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise BadRequest("send the body as application/json")
    body = parse_json(await _read(limited, limits.body_timeout_s))
    if not isinstance(body, dict):
        raise BadRequest("the body must be a JSON object")
    return body


def limit_body(request: Request, max_bytes: int) -> Request:
    """The same request, whose reader raises Unread (413) instead of taking more."""
    too_much = Unread(f"the body is larger than {max_bytes} bytes", 413)
    told = request.headers.get("content-length", "")
    if told.isdecimal() and int(told) > max_bytes:
        raise too_much
    taken = 0

    async def receive_limited() -> Message:
        nonlocal taken
        message = await request.receive()
        taken += len(message.get("body", b""))
        if taken > max_bytes:
            raise too_much
        return message

    return Request(request.scope, receive_limited)


async def _read(request: Request, timeout_s: float) -> bytes:
    try:
        with gone_refused():
            async with asyncio.timeout(timeout_s):
                return await request.body()
    except TimeoutError:
        raise Unread(f"the body did not come within {timeout_s:g} seconds", 408) from None


@contextmanager
def gone_refused() -> Iterator[None]:
    """Around what reads a body: raises BadRequest for a client that has gone."""
    try:
        yield
    except ClientDisconnect:
        raise BadRequest("the client closed the connection") from None


def parse_json(raw: bytes) -> Any:
    """UTF-8 and nothing that JSON does not know. Half of a surrogate pair is refused as well, which no tokenizer takes,
    and a number that the engine could not be sent."""
    if sum(map(raw.count, (b",", b"[", b"{"))) > MAX_VALUES:
        raise BadRequest(f"the body holds more than {MAX_VALUES} values")
    try:
        body = json.loads(raw.decode(), parse_int=_read_integer, parse_constant=_refuse)
        if b"\\ud" in raw or b"\\uD" in raw:
            json.dumps(body, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise BadRequest("the body is not valid JSON") from None
    if depth(body) > MAX_DEPTH:
        raise BadRequest(f"the body is nested more than {MAX_DEPTH} deep")
    return body


def _read_integer(digits: str) -> int:
    number = int(digits)
    if not -MAX_INTEGER <= number < MAX_INTEGER:
        raise BadRequest("the body holds a number of more than 64 bits")
    return number


def _refuse(constant: str) -> None:
    """NaN and Infinity, which Python's JSON has and JSON has not."""
    raise ValueError(constant)


def depth(value: Any) -> int:
    """How many lists and objects lie within each other."""
    level, num = [value], 0
    while level := [inner for inner in level if isinstance(inner, dict | list)]:
        level = [inner for outer in level for inner in (outer.values() if isinstance(outer, dict) else outer)]
        num += 1
    return num


def check(model: type[Model], values: Any, prefix: str = "") -> Model:
    """Raises BadRequest whose `param` is the field at fault, under `prefix`."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    param = ".".join(filter(None, [prefix, *map(str, first["loc"])]))
    message = "unknown key" if first["type"] == "extra_forbidden" else first["msg"].removeprefix("Value error, ")
    raise BadRequest(f"{param}: {message}" if param else message, param=param or None)
