"""Labelled questions for the router's head: a JSONL file's, and those of the demo world's scenes."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from molora.benchmarks.questions import KINDS, ONE_TYPE, TWO_TYPES, make_examples
from molora.errors import ConfigError

TWO_TYPE_SHARE = 0.2


@dataclass(frozen=True)
class Sample:
    """A question and the expert it belongs to; the few that need two name both."""

    text: str
    experts: tuple[str, ...]


def read_reasoning(path: Path, classes: Sequence[str] = KINDS) -> list[Sample]:
    """Lines of {"question", "reasoning_type"}; a type is told by its first word, such as "Spatial Reasoning.".

    Raises ConfigError that names the file and the line.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None
    return [_read_line(line, f"{path}:{number}", classes) for number, line in enumerate(lines, 1) if line.strip()]


def _read_line(line: str, where: str, classes: Sequence[str]) -> Sample:
    try:
        row: dict[str, Any] = json.loads(line)
        text, label = str(row["question"]).strip(), str(row["reasoning_type"])
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{where}: no question with a reasoning_type: {error!r}") from None
    expert = label.strip(" .").partition(" ")[0].lower()
    if expert not in classes:
        raise ConfigError(f"{where}: unknown reasoning_type {label!r}")
    return Sample(text, (expert,))


def draw_scene_questions(seed: int, num: int, two_type_share: float = TWO_TYPE_SHARE) -> list[Sample]:
    """Questions about random scenes, the types taking turns; a share of them need two types."""
    num_two = round(num * two_type_share)
    drawn = [
        *make_examples(seed, num - num_two, ONE_TYPE),
        *make_examples(seed + 1, num_two, TWO_TYPES),
    ]
    return [Sample(example.question.text, example.question.kinds) for example in drawn]


def as_targets(samples: Sequence[Sample], classes: Sequence[str]) -> NDArray[np.float32]:
    """[len(samples), len(classes)]: rows sum to 1, shared evenly between a question's experts."""
    targets = np.zeros((len(samples), len(classes)), dtype=np.float32)
    for row, sample in zip(targets, samples, strict=True):
        row[[classes.index(expert) for expert in sample.experts]] = 1 / len(sample.experts)
    return targets
