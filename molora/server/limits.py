"""What a client may ask for in a chat request, and how much of it; an expert's own defaults are not held to it."""

import json
from collections.abc import Iterator
from typing import Any

from molora.config import LimitsConfig
from molora.engine.interface import Body
from molora.errors import BadRequest
from molora.server.asking import FORMATS
from molora.server.body import depth

REFUSED = {
    "chat_template": "it is a program, and the server runs only its own",
    "media_io_kwargs": "how media are read is the server's to say",
    "mm_processor_kwargs": "how pictures are processed is the server's to say",
    "priority": "no request goes before the others",
    "prompt_embeds": "a client's tensors are not loaded",
    "vllm_xargs": "it is for the server's own extensions",
}
"""Fields by which a client would reach into the server. The engine refuses those by which nodes hand on work."""
TEMPLATES_OWN = (
    "chat_template",
    "max_length",
    "padding",
    "return_assistant_tokens_mask",
    "return_dict",
    "return_tensors",
    "tokenize",
    "tokenizer_kwargs",
    "truncation",
)
"""What transformers' `apply_chat_template` takes beside a template's variables."""
MAX_VARIABLE = 256
PATTERNS = ("pattern", "regex", "whitespace_pattern")
ENCODED = ("json", "structural_tag")
"""Of `structured_outputs`: may be JSON within a string."""


def check_limits(body: Body, limits: LimitsConfig) -> None:
    """Raises BadRequest that names the field; what is no chat request at all is left to the engine to refuse."""
    _check_refused(body)
    _check_messages(body.get("messages"), limits)
    _check_choices(body.get("n"), limits)
    for name in ("stop", "bad_words"):
        _check_stops(name, body.get(name), limits)
    for name in FORMATS:
        if body.get(name) is not None:
            _check_schema(name, body[name], limits)


def _check_refused(body: Body) -> None:
    for name, reason in REFUSED.items():
        if body.get(name):
            raise BadRequest(f"{name} is not served: {reason}", param=name)
    variables = body.get("chat_template_kwargs")
    for name, value in variables.items() if isinstance(variables, dict) else ():
        if name in TEMPLATES_OWN or isinstance(value, dict | list) or len(str(value)) > MAX_VARIABLE:
            message = "only short strings, numbers and booleans that the model's template asks for are served"
            raise BadRequest(f"chat_template_kwargs: {message}", param=f"chat_template_kwargs.{name}")


def _check_messages(messages: Any, limits: LimitsConfig) -> None:
    if isinstance(messages, list):
        _check_count("messages", "messages", len(messages), limits.max_messages)


def _check_choices(given: Any, limits: LimitsConfig) -> None:
    if given is None:
        return
    if type(given) is not int:
        raise BadRequest("n must be a whole number", param="n")
    _check_count("choices", "n", given, limits.max_choices)


def _check_stops(name: str, given: Any, limits: LimitsConfig) -> None:
    stops = given if isinstance(given, list) else [given]
    _check_count("strings", name, len(stops), limits.max_stops)
    if any(isinstance(stop, str) and len(stop) > limits.max_stop_length for stop in stops):
        raise BadRequest(f"{name}: a string is longer than {limits.max_stop_length} characters", param=name)


def _check_schema(name: str, schema: Any, limits: LimitsConfig) -> None:
    schema = _decode(name, schema)
    if depth(schema) > limits.max_schema_depth:
        raise BadRequest(f"{name} is nested more than {limits.max_schema_depth} deep", param=name)
    if len(json.dumps(schema)) > limits.max_schema_kib * 1024:
        raise BadRequest(f"{name} is larger than {limits.max_schema_kib} KiB", param=name)
    if any(len(regex) > limits.max_regex_length for regex in _regexes(schema)):
        raise BadRequest(f"{name}: a regex is longer than {limits.max_regex_length} characters", param=name)


def _decode(name: str, schema: Any) -> Any:
    """With what is JSON within a string read."""
    if not isinstance(schema, dict):
        return schema
    try:
        return schema | {key: json.loads(schema[key]) for key in ENCODED if isinstance(schema.get(key), str)}
    except (ValueError, RecursionError):
        raise BadRequest(f"{name} holds a string that is not the JSON it should be", param=name) from None


def _regexes(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for inner in value:
            yield from _regexes(inner)
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in PATTERNS and isinstance(inner, str):
                yield inner
            if key == "patternProperties" and isinstance(inner, dict):
                yield from inner
            yield from _regexes(inner)


def _check_count(what: str, param: str, num: int, most: int) -> None:
    if num > most:
        raise BadRequest(f"{param}: at most {most} {what} are served", param=param)
