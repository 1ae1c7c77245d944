"""What a client may ask an answer to look like, before anything reads it; what it costs the engine finds out."""

import json
from collections.abc import Iterator
from typing import Any

from molora.config import LimitsConfig
from molora.engine.interface import Body
from molora.errors import BadRequest
from molora.server.asking import FORMATS
from molora.server.body import depth

PATTERNS = ("pattern", "regex", "whitespace_pattern")
KINDS = ("choice", "json", "json_object", "regex")
"""Of `structured_outputs`."""
FREE = ("grammar", "structural_tag")
"""Under a free grammar a step may take any time, and a tag may hold one."""
READERS_OWN = "x-guidance"
"""By this key a schema would set up its reader."""


def check_shapes(body: Body, limits: LimitsConfig) -> None:
    """Raises BadRequest that names the field."""
    for name in FORMATS:
        if body.get(name) is not None:
            _check_schema(name, body[name], limits)
    kinds = [*_kinds_of_format(body.get("response_format")), *_kinds_of_outputs(body.get("structured_outputs"))]
    if len(kinds) > 1:
        raise BadRequest(f"an answer has one shape, not {' and '.join(kinds)}", param="structured_outputs")


def _kinds_of_format(given: Any) -> Iterator[str]:
    kind = given.get("type") if isinstance(given, dict) else None
    if kind in FREE:
        raise BadRequest(f"response_format: {kind} is not served", param="response_format")
    wanted = given.get("json_schema") if kind == "json_schema" else None
    if isinstance(wanted, dict) and not isinstance(wanted.get("schema"), dict):
        raise BadRequest("response_format.json_schema.schema must be an object", param="response_format")
    if kind in ("json_schema", "json_object"):
        yield "response_format"


def _kinds_of_outputs(given: Any) -> Iterator[str]:
    if not isinstance(given, dict):
        return
    for name in FREE:
        if given.get(name) is not None:
            raise BadRequest(f"structured_outputs.{name} is not served", param="structured_outputs")
    kinds = [f"structured_outputs.{name}" for name in KINDS if given.get(name) is not None]
    if not kinds:
        raise BadRequest(f"structured_outputs must have one of {', '.join(KINDS)}", param="structured_outputs")
    yield from kinds


def _check_schema(name: str, schema: Any, limits: LimitsConfig) -> None:
    schema = _decode(name, schema)
    if depth(schema) > limits.max_schema_depth:
        raise BadRequest(f"{name} is nested more than {limits.max_schema_depth} deep", param=name)
    if len(json.dumps(schema)) > limits.max_schema_kib * 1024:
        raise BadRequest(f"{name} is larger than {limits.max_schema_kib} KiB", param=name)
    for part in _objects(schema):
        if READERS_OWN in part:
            raise BadRequest(f"{name}: {READERS_OWN} is the server's to say", param=name)
        if any(len(regex) > limits.max_regex_length for regex in _regexes(part)):
            raise BadRequest(f"{name}: a regex is longer than {limits.max_regex_length} characters", param=name)


def _decode(name: str, schema: Any) -> Any:
    """With what is JSON within a string read."""
    if not isinstance(schema, dict) or not isinstance(schema.get("json"), str):
        return schema
    try:
        return schema | {"json": json.loads(schema["json"])}
    except (ValueError, RecursionError):
        raise BadRequest(f"{name} holds a string that is not the JSON it should be", param=name) from None


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    """The value and all within it that are objects."""
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    for inner in value if isinstance(value, list) else ():
        yield from _objects(inner)


def _regexes(part: dict[str, Any]) -> Iterator[str]:
    yield from (part[key] for key in PATTERNS if isinstance(part.get(key), str))
    if isinstance(part.get("patternProperties"), dict):
        yield from part["patternProperties"]
