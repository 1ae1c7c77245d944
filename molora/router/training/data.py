"""Labelled questions for the router's head, and those about the demo world's scenes and displays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from molora.benchmarks.displays import Display, ask_displays
from molora.benchmarks.questions import KINDS, ONE_TYPE, TWO_TYPES, make_examples
from molora.benchmarks.scenes import Scene
from molora.errors import ConfigError
from molora.router.features import Floats
from molora.router.query import Query
from molora.router.training.pictures import open_picture

TWO_TYPE_SHARE = 0.2


@dataclass(frozen=True)
class Sample:
    """A question and the experts it belongs to, with weights that sum to 1.

    `picture` comes into memory with `load` alone: those of a large set do not fit into it together.
    """

    query: Query
    targets: Mapping[str, float]
    picture: Path | Scene | Display | None = None

    def load(self) -> Query:
        """The query with its picture. Raises ConfigError for a file that is no picture."""
        if self.picture is None:
            return self.query
        image = open_picture(self.picture) if isinstance(self.picture, Path) else self.picture.render()
        return Query(self.query.text, (*self.query.images, image))


def share_evenly(experts: Sequence[str]) -> dict[str, float]:
    return dict.fromkeys(experts, 1 / len(set(experts)))


def draw_scene_questions(seed: int, num: int, two_type_share: float = TWO_TYPE_SHARE) -> list[Sample]:
    """Questions about random scenes, the types taking turns; a share of them need two types."""
    num_two = round(num * two_type_share)
    drawn = [
        *make_examples(seed, num - num_two, ONE_TYPE),
        *make_examples(seed + 1, num_two, TWO_TYPES),
    ]
    return [Sample(Query(one.question.text), share_evenly(one.question.kinds), one.scene) for one in drawn]


def draw_display_questions(seed: int, num: int) -> list[Sample]:
    """Of every kind of display in turn; the text never tells which."""
    return [Sample(Query(one.text), {one.display.kind: 1.0}, one.display) for one in ask_displays(seed, num)]


def find_classes(samples: Sequence[Sample]) -> tuple[str, ...]:
    """The experts that the samples name: the four reasoning types first, the others as they appear."""
    named = dict.fromkeys(name for sample in samples for name in sample.targets)
    return (*(name for name in KINDS if name in named), *(name for name in named if name not in KINDS))


def as_targets(samples: Sequence[Sample], classes: Sequence[str]) -> Floats:
    """[len(samples), len(classes)]: rows sum to 1. Raises ConfigError for an expert that is none of the classes."""
    places = {name: place for place, name in enumerate(classes)}
    targets = np.zeros((len(samples), len(classes)), dtype=np.float32)
    for row, sample in zip(targets, samples, strict=True):
        for name, weight in sample.targets.items():
            if name not in places:
                raise ConfigError(f"a question of '{name}', which is none of the experts: {', '.join(classes)}")
            row[places[name]] = weight
    return targets
