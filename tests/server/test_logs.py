"""One form for every line, whatever is in it."""

import io
import json
import logging
import sys
from collections.abc import Iterator
from typing import Any, Literal

import pytest

from molora.config import LogsConfig
from molora.errors import Unavailable
from molora.server.logs import writing_logs

SECRET = "what the client said"


@pytest.fixture
def output() -> Iterator[io.StringIO]:
    with io.StringIO() as stream:
        yield stream


def fail_quoting(raised: BaseException) -> None:
    """Logs an error that came from another one."""
    try:
        try:
            raise ValueError(SECRET)
        except ValueError as error:
            raise raised from error
    except Exception:
        logging.getLogger("molora.server.app").exception("a request failed")


def write(output: io.StringIO, raised: BaseException, **config: Any) -> dict[str, Any]:
    with writing_logs(LogsConfig(**config), output):
        fail_quoting(raised)
    line: dict[str, Any] = json.loads(output.getvalue())
    return line


def test_a_line_is_one_json_object(output: io.StringIO) -> None:
    with writing_logs(LogsConfig(), output):
        logging.getLogger("molora.server.keys").info("%d keys\nread", 3, extra={"fields": {"request_id": "mine"}})
    assert len(output.getvalue().splitlines()) == 1
    line = json.loads(output.getvalue())
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "info",
        "logger": "molora.server.keys",
        "message": "3 keys\nread",
        "request_id": "mine",
    }


def test_text_is_for_people_and_a_client_cannot_begin_a_line(output: io.StringIO) -> None:
    given = {"status": 200, "path": '/a\n2026 INFO "b"', "gates": {"social": 1.0}, "client": "ann"}
    with writing_logs(LogsConfig(format="text"), output):
        logging.getLogger("molora.requests").info("request", extra={"fields": given})
    (line,) = output.getvalue().splitlines()
    told = r'INFO molora.requests: request status=200 path="/a\n2026 INFO \"b\"" gates={"social": 1.0} client=ann'
    assert line.partition(" ")[2] == told


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_traceback_says_where_and_what_kind_but_quotes_nobody(
    output: io.StringIO, form: Literal["json", "text"]
) -> None:
    with writing_logs(LogsConfig(format=form), output):
        fail_quoting(KeyError(SECRET))
        fail_quoting(ExceptionGroup(SECRET, [TypeError(SECRET)]))
    assert SECRET not in output.getvalue()
    for told in ("ValueError", "KeyError", "ExceptionGroup", "TypeError", "in fail_quoting"):
        assert told in output.getvalue()


def test_the_words_of_our_own_errors_and_of_the_system_are_kept(output: io.StringIO) -> None:
    assert write(output, Unavailable("the engine is gone"))["traceback"].endswith("Unavailable: the engine is gone")
    output.truncate(output.seek(0))
    told = write(output, OSError(28, "No space left on device", SECRET))["traceback"]
    assert told.endswith("OSError: No space left on device")
    assert SECRET not in told


def test_with_prompts_exceptions_say_all(output: io.StringIO) -> None:
    assert f"ValueError: {SECRET}" in write(output, KeyError("told"), prompts=True)["traceback"]


def test_what_a_library_adds_of_an_exception_is_left_out(output: io.StringIO) -> None:
    error = ValueError(SECRET)
    with writing_logs(LogsConfig(), output):
        logging.getLogger("asyncio").error("never retrieved\nfuture: %r", error, exc_info=error)
    assert SECRET not in output.getvalue()
    assert "never retrieved" in output.getvalue()


def test_the_level_is_of_our_own_lines_and_of_libraries_there_are_warnings(output: io.StringIO) -> None:
    with writing_logs(LogsConfig(level="debug"), output):
        for name in ("molora.server.app", "a_library"):
            logging.getLogger(name).debug("a detail")
            logging.getLogger(name).warning("a warning")
    assert [json.loads(line)["logger"] for line in output.getvalue().splitlines()] == [
        "molora.server.app",
        "molora.server.app",
        "a_library",
    ]


def test_nothing_is_left_of_it_afterwards(output: io.StringIO) -> None:
    own, root = logging.getLogger("molora"), logging.getLogger()
    before = (own.level, root.level, list(root.handlers))
    with writing_logs(LogsConfig(level="error"), sys.stderr):
        pass
    assert (own.level, root.level, list(root.handlers)) == before
    own.error("after")
    assert not output.getvalue()
