"""Rows of JSON with their place in the file, and the pictures that they name."""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from molora.errors import ConfigError
from molora.router.training.rows import BadRows, explain

_BETWEEN = re.compile(r"[\s\[\],]*")


class Row(BaseModel):
    """Other keys may stand beside; a number is taken as its digits."""

    model_config = ConfigDict(coerce_numbers_to_str=True, str_strip_whitespace=True, str_min_length=1)


R = TypeVar("R", bound=Row)


def read_objects(path: Path) -> Iterator[tuple[str, Any]]:
    """Of an array or of JSON lines, each with the line it begins on. Raises ConfigError for what is no JSON."""
    text = _read_text(path)
    place, line = 0, 1
    while (start := _end_of_gap(text, place)) < len(text):
        line += text.count("\n", place, start)
        where = f"{path}:{line}"
        try:
            value, place = json.JSONDecoder().raw_decode(text, start)
        except ValueError as error:
            raise ConfigError(f"{where}: no JSON: {error}") from None
        line += text.count("\n", start, place)
        yield where, value


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None


def _end_of_gap(text: str, place: int) -> int:
    gap = _BETWEEN.match(text, place)
    assert gap
    return gap.end()


def check_row(kind: type[R], value: Any, where: str, bad: BadRows) -> R | None:
    """None for a row that `bad` skips."""
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        bad.skip(where, explain(error))
        return None


def find_picture(path: Path, names: Sequence[str], folders: Sequence[str], where: str, bad: BadRows) -> Path | None:
    """The first that is there, in these folders beside the file; None for a row that `bad` skips."""
    places = [path.parent / folder / name for folder in folders for name in names]
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        bad.skip(where, f"no picture {names[0]} in {' or '.join(folders)} beside the file")
    return found
