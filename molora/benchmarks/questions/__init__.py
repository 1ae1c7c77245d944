"""Questions about a scene, in varied wording, with short answers and the reasoning types they need.

A family looks at a scene and asks one question, or returns None where the scene has nothing to ask about.
Where it can, it chooses the answer first, so that guessing the commonest answer does not pay.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from molora.benchmarks.questions.asking import Families, yes
from molora.benchmarks.questions.directions import BEYOND, FURTHER, STEPS, is_beyond, neighbour
from molora.benchmarks.questions.groups import GROUPS, Group, pick_group
from molora.benchmarks.questions.looks import LOOKS
from molora.benchmarks.questions.mixed import MIXED
from molora.benchmarks.questions.motion import MOTION
from molora.benchmarks.questions.naming import name_things, plural
from molora.benchmarks.questions.quantity import QUANTITY
from molora.benchmarks.questions.social import FEELINGS, SOCIAL, has_feeling, is_person, seen_by
from molora.benchmarks.questions.spatial import SPATIAL
from molora.benchmarks.scenes import Scene

__all__ = [
    "BEYOND",
    "FAMILIES",
    "FEELINGS",
    "FURTHER",
    "GROUPS",
    "KINDS",
    "ONE_TYPE",
    "STEPS",
    "TWO_TYPES",
    "Example",
    "Group",
    "Question",
    "has_feeling",
    "is_beyond",
    "is_person",
    "make_examples",
    "name_things",
    "neighbour",
    "pick_group",
    "plural",
    "sample_question",
    "seen_by",
    "yes",
]

KINDS = ("spatial", "quantity", "physical", "social")
FAMILIES: dict[tuple[str, ...], Families] = {
    ("spatial",): SPATIAL,
    ("quantity",): QUANTITY,
    ("physical",): LOOKS + MOTION,
    ("social",): SOCIAL,
    **MIXED,
}
ONE_TYPE = tuple(kinds for kinds in FAMILIES if len(kinds) == 1)
TWO_TYPES = tuple(kinds for kinds in FAMILIES if len(kinds) == 2)


@dataclass(frozen=True)
class Question:
    """`kinds` holds the one or two reasoning types it needs."""

    text: str
    answer: str
    kinds: tuple[str, ...]


@dataclass(frozen=True)
class Example:
    scene: Scene
    question: Question


def sample_question(scene: Scene, kinds: Sequence[str], rng: random.Random) -> Question | None:
    """One that needs exactly these types, from a family drawn by weight; None where that finds nothing to ask."""
    families = FAMILIES[tuple(kinds)]
    ask = rng.choices([family for family, _ in families], [weight for _, weight in families])[0]
    asked = ask(scene, rng)
    return Question(*asked, tuple(kinds)) if asked else None


def make_examples(seed: int, num: int, kinds: Sequence[tuple[str, ...]], per_scene: int = 1) -> Iterator[Example]:
    """`num` examples, the kinds taking turns; the same for the same seed. After `per_scene` of them comes a new scene,
    or earlier, where there is nothing more of a kind to ask."""
    rng = random.Random(seed)
    scene: Scene | None = None
    for index in range(num):
        kind = kinds[index % len(kinds)]
        scene = scene if index % per_scene else None
        question = sample_question(scene, kind, rng) if scene else None
        while scene is None or question is None:
            scene = Scene.draw(rng)
            question = sample_question(scene, kind, rng)
        yield Example(scene, question)
