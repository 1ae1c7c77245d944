"""The tokens by which a model is told where messages and pictures begin and end: a client's text must not hold one.

A tokenizer reads them wherever they stand. With them a user would speak as the system, and take a picture's place.
"""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from molora.errors import BadRequest


def control_tokens(tokenizer: Any) -> re.Pattern[str]:
    """Special ones that the chat template writes, or that end a text. Others, such as those around boxes, are words."""
    template = str(tokenizer.chat_template)
    special = [token.content for token in tokenizer.added_tokens_decoder.values() if token.special]
    ends = [token for token in (tokenizer.eos_token, tokenizer.pad_token) if token]
    written = [token for token in special if token in template]
    return re.compile("|".join(map(re.escape, {*written, *ends})))


def check_texts(control: re.Pattern[str], value: Any) -> None:
    """Of all strings within it. Raises BadRequest."""
    for text in _texts(value):
        if found := control.search(text):
            raise BadRequest(f"{found[0]} is a control token of the model: it cannot be sent as text", param="messages")


def _texts(value: Any) -> Iterator[str]:
    """As a template writes them: a message's parts are one text, a call's arguments are read first."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from _texts([*value, *value.values(), _arguments(value)])
    elif isinstance(value, list):
        yield "".join(part["text"] for part in value if isinstance(part, dict) and isinstance(part.get("text"), str))
        for inner in value:
            yield from _texts(inner)


def _arguments(function: dict[str, Any]) -> Any:
    with suppress(ValueError, TypeError, RecursionError):
        return json.loads(function.get("arguments", ""))
