"""Questions with their answers, for joint training: lines of a JSONL file, and those of the demo world's scenes.

{"question": "How many boats?", "image": "photos/1.jpg", "answer": "3"}, the picture's path relative to the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from PIL.Image import Image
from pydantic import BaseModel, StringConstraints, ValidationError

from molora.benchmarks.questions import ONE_TYPE, TWO_TYPES, Example, make_examples
from molora.errors import ConfigError
from molora.router.query import Query
from molora.router.training.data import Sample, share_evenly
from molora.router.training.rows import BadRows, explain, find_beside, read_lines

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


@dataclass(frozen=True)
class Lesson:
    """A question and what is to be answered; the experts it belongs to are known of scenes alone."""

    sample: Sample
    answer: str

    @property
    def question(self) -> str:
        return self.sample.query.text

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(self.sample.targets)

    def see(self) -> tuple[Image, ...]:
        return self.sample.load().images


class _Row(BaseModel):
    question: Text
    answer: Text
    image: str | None = None


def draw_lessons(seed: int, num: int, kinds: Sequence[tuple[str, ...]]) -> list[Lesson]:
    """As `make_examples`."""
    return [_of_scene(example) for example in make_examples(seed, num, kinds)]


def _of_scene(example: Example) -> Lesson:
    question = example.question
    return Lesson(Sample(Query(question.text), share_evenly(question.kinds), example.scene), question.answer)


def read_lessons(path: Path, bad: BadRows) -> Iterator[Lesson]:
    """Raises ConfigError for a file that cannot be read, and where `bad` does."""
    for where, line in read_lines(path):
        try:
            row = _Row.model_validate_json(line)
            picture = None if row.image is None else find_beside(path, row.image)
            lesson = Lesson(Sample(Query(row.question), {}, picture), row.answer)
            lesson.see()
        except ValidationError as error:
            bad.skip(where, explain(error))
        except ConfigError as error:
            bad.skip(where, error.message)
        else:
            yield lesson


def gather_lessons(data: Sequence[Path], max_bad_rows: int, scenes: int, two_types: float, seed: int) -> list[Lesson]:
    """Of files, and of scenes with that share of questions that need two experts. Raises ConfigError for none."""
    bad, num_two = BadRows(max_bad_rows), round(scenes * two_types)
    lessons = [lesson for path in data for lesson in read_lessons(path, bad)]
    lessons += draw_lessons(seed, scenes - num_two, ONE_TYPE) + draw_lessons(seed + 1, num_two, TWO_TYPES)
    if len(lessons) < 2:
        raise ConfigError("fewer than two questions: give --data, --scenes or both")
    return lessons
