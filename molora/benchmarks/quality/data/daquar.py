"""DAQUAR (Malinowski and Fritz 2014), questions on indoor photos: `qa.37.raw.test.txt` and its like.

A line is a question that names its image, the next one its answer, a list with commas where there are several. The same
as JSON lines of `question`, `answer` and `image` is read too. Pictures are in `nyu_depth_images` or `images` beside it.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from molora.benchmarks.quality.data.rows import Row, check_row, find_picture, read_objects
from molora.benchmarks.quality.item import Item
from molora.router.training.rows import BadRows, read_lines

FOLDERS = ("nyu_depth_images", "images", ".")
_IMAGE = re.compile(r"image\s?(\d+)")


class _Row(Row):
    question: str
    answer: str
    image: str


def read_items(path: Path, bad: BadRows) -> list[Item]:
    """Raises ConfigError that names file and line, where `bad` does or the file cannot be read."""
    rows = _read_pairs(path, bad) if path.suffix == ".txt" else _read_rows(path, bad)
    return [item for where, row in rows if (item := _make_item(path, where, row, bad))]


def _make_item(path: Path, where: str, row: _Row, bad: BadRows) -> Item | None:
    stem = Path(row.image).stem
    picture = find_picture(path, [f"{stem}.png", f"{stem}.jpg"], FOLDERS, where, bad)
    return Item(row.question, row.answer, (), picture) if picture else None


def _read_rows(path: Path, bad: BadRows) -> Iterator[tuple[str, _Row]]:
    for where, value in read_objects(path):
        if row := check_row(_Row, value, where, bad):
            yield where, row


def _read_pairs(path: Path, bad: BadRows) -> Iterator[tuple[str, _Row]]:
    lines = list(read_lines(path))
    for (where, question), (_, answer) in zip(lines[::2], lines[1::2], strict=False):
        if named := _IMAGE.search(question):
            yield where, _Row(question=question, answer=answer, image=f"image{named[1]}")
        else:
            bad.skip(where, "the question names no image, such as image12")
    if len(lines) % 2:
        bad.skip(lines[-1][0], "a question without an answer")
