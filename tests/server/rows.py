"""One request to a real server and what becomes of it: how the tables of bad input are written."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from molora.benchmarks.messages import ask as as_messages
from molora.benchmarks.questions import ONE_TYPE, make_examples
from molora.server.metrics import CHAT_PATH

EXAMPLE = next(iter(make_examples(991, 1, ONE_TYPE)))
MESSAGES = as_messages(EXAMPLE)
PICTURE = MESSAGES[0]["content"][0]
QUESTION = MESSAGES[0]["content"][1]["text"]
JSON = {"content-type": "application/json"}

Fields = dict[str, Any]


@dataclass(frozen=True)
class Row:
    """`body` is JSON, bytes as they are, or what makes either: some are large. Without `param` any is right."""

    body: Any
    param: str | None = None
    status: int = 400
    type: str = "invalid_request_error"
    path: str = CHAT_PATH
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=lambda: JSON)

    def content(self) -> bytes:
        body = self.body() if callable(self.body) else self.body
        return body if isinstance(body, bytes) else json.dumps(body).encode()


def chat(**fields: Any) -> Fields:
    """A request that is answered, with these fields in it; `...` leaves one out."""
    body = {"model": "auto", "messages": MESSAGES, "max_tokens": 4, "temperature": 0} | fields
    return {name: value for name, value in body.items() if value is not ...}


def speaks(role: Any, content: Any) -> Fields:
    """A conversation of one message."""
    return chat(messages=[{"role": role, "content": content}])


def says(*parts: Any) -> Fields:
    """A user's message of texts and other parts."""
    texts = [part if isinstance(part, dict) else {"type": "text", "text": part} for part in parts]
    return speaks("user", texts)


GOOD = json.dumps(chat()).encode()
