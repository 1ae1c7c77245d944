"""What is known of a request: filled in by those who serve it, told once it has ended."""

import time
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import Headers
from starlette.types import Message, Scope

from molora.engine.interface import Usage
from molora.errors import MoloraError
from molora.router.query import Decision
from molora.server.prompt import Prompt
from molora.server.request_id import check_id, make_id, read_id
from molora.server.spans import Spans

MAX_SHOWN = 128
"""Characters of what a client named."""


@dataclass
class Record:
    """`status` is None until something is answered; an error beside a good one came amid the answer."""

    method: str
    path: str
    request_id: str
    is_named: bool
    """By a header, which comes before the body."""
    started: float = field(default_factory=time.perf_counter)
    status: int | None = None
    model: str | None = None
    decision: Decision | None = None
    usage: Usage | None = None
    question: str | None = None
    num_pictures: int | None = None
    ttft_ms: float | None = None
    error_type: str | None = None
    error_code: str | None = None
    ended: bool = False
    disconnected: bool = False
    spans: Spans = field(default_factory=Spans)

    @property
    def failed(self) -> bool:
        """Whether it is the server that did not do what was asked."""
        return self.status is None or self.status >= 500 or (self.status < 400 and self.error_type is not None)

    def elapsed_ms(self) -> float:
        return round((time.perf_counter() - self.started) * 1000, 2)

    def take_body(self, body: dict[str, Any]) -> None:
        """Of a chat request. Its `request_id` is the request's name on return; raises BadRequest for one unsound."""
        if body.get("request_id") is not None:
            given = check_id(body["request_id"])
            self.request_id = self.request_id if self.is_named else given
        body["request_id"] = self.request_id
        model = body.get("model")
        self.model = model[:MAX_SHOWN] if isinstance(model, str) else None

    def take_prompt(self, prompt: Prompt) -> None:
        self.question, self.num_pictures = prompt.query.text, prompt.num_pictures

    def take_error(self, error: MoloraError) -> None:
        self.error_type, self.error_code = error.type, error.code

    def take_message(self, message: Message) -> None:
        """Of the answer, as it is sent."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif not message.get("more_body"):
            self.ended = True
        elif self.ttft_ms is None:
            self.ttft_ms = self.elapsed_ms()


def begin_record(scope: Scope) -> Record:
    name = read_id(Headers(scope=scope))
    return Record(scope["method"], scope["path"][:MAX_SHOWN], name or make_id(), name is not None)
