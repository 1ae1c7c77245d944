"""A request's JSON body, read and checked by hand so that every refusal is OpenAI-shaped."""

import json
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.requests import ClientDisconnect

from molora.errors import BadRequest

Model = TypeVar("Model", bound=BaseModel)


class Strict(BaseModel):
    """Part of a request: an unknown key is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


async def read_json(request: Request) -> dict[str, Any]:
    """Raises BadRequest for anything but a JSON object sent as one."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise BadRequest("send the body as application/json")
    try:
        body = parse_json(await request.body())
    except ClientDisconnect:
        raise BadRequest("the client closed the connection") from None
    if not isinstance(body, dict):
        raise BadRequest("the body must be a JSON object")
    return body


def parse_json(raw: bytes) -> Any:
    """Half of a surrogate pair is refused as well: no tokenizer takes it."""
    try:
        body = json.loads(raw)
        if b"\\ud" in raw or b"\\uD" in raw:
            json.dumps(body, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise BadRequest("the body is not valid JSON") from None
    return body


def check(model: type[Model], values: Any, prefix: str = "") -> Model:
    """Raises BadRequest whose `param` is the field at fault, under `prefix`."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    param = ".".join(filter(None, [prefix, *map(str, first["loc"])]))
    message = "unknown key" if first["type"] == "extra_forbidden" else first["msg"].removeprefix("Value error, ")
    raise BadRequest(f"{param}: {message}" if param else message, param=param or None)
