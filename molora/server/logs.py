"""What the server writes of itself: its own lines and its libraries', in one form; vLLM's are vLLM's."""

import json
import logging
import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, TextIO

from molora.config import LogsConfig
from molora.errors import MoloraError

OWN = "molora"
REQUESTS = "molora.requests"
"""The logger of the lines that requests leave."""
PLAIN = re.compile(r"[A-Za-z0-9_.:+/@-]+")

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


@contextmanager
def writing_logs(config: LogsConfig, stream: TextIO) -> Iterator[None]:
    """While the block runs. Of libraries only warnings are written, but for the web server's."""
    own, root, handler = logging.getLogger(OWN), logging.getLogger(), logging.StreamHandler(stream)
    handler.setFormatter(Formatter(config))
    level_before = own.level
    own.setLevel(config.level.upper())
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
        own.setLevel(level_before)


class Formatter(logging.Formatter):
    """JSON, or text for people. What a line tells beside its message comes as `extra={"fields": {...}}`."""

    def __init__(self, config: LogsConfig) -> None:
        super().__init__()
        self._as_line = as_json if config.format == "json" else as_text
        self._prompts = config.prompts

    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        told = {"time": time, "level": record.levelname.lower(), "logger": record.name, "message": record.getMessage()}
        told |= getattr(record, "fields", {})
        if record.exc_info:
            told["message"] = told["message"].partition("\n")[0]  # asyncio's goes on with the exception's words
            told["traceback"] = self.formatException(record.exc_info)
        return self._as_line(told)

    def formatException(self, ei: ExcInfo) -> str:  # noqa: N802  # logging's name
        if self._prompts or ei[1] is None:
            return super().formatException(ei)
        return "\n".join(outline(ei[1]))


def as_json(told: dict[str, Any]) -> str:
    return json.dumps(told, default=str)


def as_text(told: dict[str, Any]) -> str:
    """`time LEVEL logger: message`, then `name=value`; a traceback as it is."""
    head = f"{told.pop('time')} {told.pop('level').upper()} {told.pop('logger')}: {told.pop('message')}"
    trace = told.pop("traceback", None)
    line = " ".join([head, *(f"{name}={_value(value)}" for name, value in told.items())])
    return line if trace is None else f"{line}\n{trace}"


def _value(value: Any) -> str:
    """One word, whatever a client named so."""
    return value if isinstance(value, str) and PLAIN.fullmatch(value) else json.dumps(value, default=str)


def outline(error: BaseException) -> Iterator[str]:
    """Where it was raised and what led to it, the last comes last. What exceptions say may be a client's words, so they
    are named by type; our own, and the operating system's reasons, are kept."""
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    for inner in [before, *getattr(error, "exceptions", ())]:
        if inner is not None:
            yield from outline(inner)
    yield "".join(traceback.format_tb(error.__traceback__)) + f"{type(error).__qualname__}{_words(error)}"


def _words(error: BaseException) -> str:
    if isinstance(error, MoloraError):
        return f": {error.message}"
    return f": {error.strerror}" if isinstance(error, OSError) else ""
