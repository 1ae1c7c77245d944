"""Files of annotation: JSON lines of questions, and of the labels they got, which grow row by row.

A label's row is {"question", "image", "expert", "model"}; where the answer named no expert, that is null and "answer"
holds what was said. Paths of pictures are relative to the file.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, StringConstraints, ValidationError

from molora.errors import ConfigError
from molora.router.training.rows import explain, read_lines


class Question(NamedTuple):
    """What is labelled; two with the same text and picture are one."""

    text: str
    image: Path | None = None


class LabelFile:
    """`labels` are those it holds: the expert, or None where the answer named none. A row that was cut off amid its
    writing is dropped. Raises ConfigError for a file of another model's labels."""

    def __init__(self, path: Path, model: str) -> None:
        self._path, self.model = path, model
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _mend_end(path)
        except OSError as error:
            raise ConfigError(f"{path}: cannot be written: {error.strerror}") from None
        self.labels = {_locate(row, path): self._check(row, where) for row, where in _read_rows(path)}

    def append(self, question: Question, expert: str | None, answer: str) -> None:
        """Out of this process's hands when it returns."""
        self.labels[question] = expert
        row: dict[str, Any] = {"question": question.text}
        if question.image is not None:
            row["image"] = os.path.relpath(question.image, self._path.parent.resolve())
        row |= {"expert": expert, "model": self.model} | ({"answer": answer} if expert is None else {})
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")

    def _check(self, row: "_Row", where: str) -> str | None:
        if row.model != self.model:
            raise ConfigError(f"{where}: a label by {row.model or 'nobody'}: give {self.model} a file of its own")
        return row.expert


class _Row(BaseModel):
    """Of a question, or of a label."""

    question: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
    image: str | None = None
    expert: str | None = None
    model: str | None = None


def read_questions(path: Path) -> list[Question]:
    """Each once, in order. Raises ConfigError that names the file and the line, of a missing picture too."""
    questions: dict[Question, None] = {}
    for row, where in _read_rows(path):
        question = _locate(row, path)
        if question.image is not None and not question.image.is_file():
            raise ConfigError(f"{where}: no such picture: {question.image}")
        questions[question] = None
    return list(questions)


def _read_rows(path: Path) -> Iterator[tuple[_Row, str]]:
    """With the place of each."""
    for where, line in read_lines(path):
        try:
            yield _Row.model_validate_json(line), where
        except ValidationError as error:
            raise ConfigError(f"{where}: {explain(error)}") from None


def _locate(row: _Row, path: Path) -> Question:
    image = Path(os.path.normpath(path.parent.resolve() / row.image)) if row.image else None
    return Question(row.question, image)


def _mend_end(path: Path) -> None:
    """Ends the last line, or drops it if it is not whole; makes the file where there is none."""
    with path.open("a+b") as file:
        file.seek(0)
        content = file.read()
        start = content.rfind(b"\n") + 1
        if _is_json(content[start:]):
            file.write(b"\n")
        else:
            file.truncate(start)


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True
