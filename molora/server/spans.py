"""The parts of a request as spans within its trace."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from opentelemetry.trace import Span, Tracer, use_span


class Spans:
    """Of one request; without a tracer there are none, and nothing is done."""

    def __init__(self, tracer: Tracer | None = None) -> None:
        self._tracer = tracer
        self._lasting: list[Span] = []

    def part(self, name: str, *, lasts: bool = False) -> AbstractContextManager[Any]:
        """Around what the part is made of; `lasts`: the part itself goes on until the request ends.

        What is raised within is told by type and status alone: its words may be a client's.
        """
        if self._tracer is None:
            return nullcontext()
        span = self._tracer.start_span(name)
        if lasts:
            self._lasting.append(span)
        return use_span(span, end_on_exit=not lasts, record_exception=False, set_status_on_exception=False)

    def end(self) -> None:
        for span in self._lasting:
            span.end()
