"""Agent traces in conversation form -> labelled questions. Command: `molora router convert`.

A trace is {"id", "image", "conversations": [{"from": "human", "value": "<image>\\nOpen the mail"}, ...], "metadata":
{...}}, as computer-use specialists keep them, in a JSON array or one a line. Its first human turn is the question.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, ValidationError, field_validator

from molora.errors import ConfigError
from molora.files import replacing
from molora.router.training.rows import BadRows, explain, read_lines

PLACEHOLDER = "<image>"


class _Turn(BaseModel):
    speaker: str = Field(alias="from")
    value: str


class Trace(BaseModel):
    """`raw` is all of it, for the rules."""

    image: str | None = None
    conversations: list[_Turn]
    raw: dict[str, Any]

    @field_validator("conversations")
    @classmethod
    def _check_turns(cls, turns: list[_Turn]) -> list[_Turn]:
        if not any(_strip(turn.value) for turn in turns if turn.speaker == "human"):
            raise ValueError("no human says anything")
        return turns

    @property
    def question(self) -> str:
        said = (_strip(turn.value) for turn in self.conversations if turn.speaker == "human")
        return next(filter(None, said))

    def to_row(self, expert: str, images: Path, folder: Path) -> dict[str, str]:
        """A labelled question, for a file in `folder`; the trace's picture is relative to `images`."""
        row = {"question": self.question}
        if self.image is not None:
            row["image"] = os.path.relpath(images / self.image, folder)
        return {**row, "expert": expert}


def read_traces(path: Path, bad: BadRows) -> Iterator[Trace]:
    """Raises ConfigError for a file that cannot be read, and where `bad` does."""
    for where, value in _read_values(path, bad):
        try:
            yield Trace.model_validate({**value, "raw": value} if isinstance(value, dict) else value)
        except ValidationError as error:
            bad.skip(where, explain(error))


def write_rows(rows: list[dict[str, str]], path: Path) -> None:
    with replacing(path) as unfinished:
        unfinished.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def _strip(said: str) -> str:
    return said.replace(PLACEHOLDER, " ").strip()


def _read_values(path: Path, bad: BadRows) -> Iterator[tuple[str, Any]]:
    """Each with its place: its line, or its number in the array."""
    lines = list(read_lines(path))
    if lines and lines[0][1].lstrip().startswith("["):
        array = _parse_array("".join(line for _, line in lines), path)
        yield from ((f"{path}: trace {number}", value) for number, value in enumerate(array, 1))
        return
    for where, line in lines:
        try:
            yield where, json.loads(line)
        except ValueError as error:
            bad.skip(where, f"not valid JSON: {error}")


def _parse_array(text: str, path: Path) -> list[Any]:
    try:
        array: list[Any] = json.loads(text)
    except ValueError as error:
        raise ConfigError(f"{path}: not valid JSON: {error}") from None
    return array
