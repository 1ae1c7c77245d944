"""Groups of things that can be counted."""

from __future__ import annotations

import random
from dataclasses import dataclass

from molora.benchmarks.questions.naming import plural
from molora.benchmarks.scenes import COLOURS, SHAPES, Scene, Thing


@dataclass(frozen=True)
class Group:
    """Things of a kind, of a colour, or of both; shirts give nobody a colour."""

    kind: str | None = None
    colour: str | None = None

    @property
    def name(self) -> str:
        return " ".join(filter(None, (self.colour, plural(self.kind) if self.kind else "things")))

    def count(self, scene: Scene) -> int:
        return sum(map(self._has, scene.things))

    def _has(self, thing: Thing) -> bool:
        if self.colour and (thing.colour != self.colour or thing.kind == "person"):
            return False
        return self.kind in (None, thing.kind)


def _groups() -> list[Group]:
    """The wider a group, the more often it stands in the list."""
    kinds = [Group(kind=kind) for kind in (*SHAPES, "person")]
    colours = [Group(colour=colour) for colour in COLOURS]
    return kinds * 3 + colours * 2 + [Group(kind, colour) for colour in COLOURS for kind in SHAPES]


GROUPS = _groups()


def pick_group(scene: Scene, rng: random.Random) -> Group:
    """A group, seldom an empty one, larger ones more often than chance would have it."""
    few = rng.sample(GROUPS, 6)
    if rng.random() < 0.12:
        return few[0]
    return max(few[: rng.randint(2, 6)], key=lambda group: group.count(scene))
