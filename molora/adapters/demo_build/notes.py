"""Terse facts about a scene: a natural question costs some fifteen tokens for one answer, a note costs six.

From notes the backbone learns to find what is named, to read it, to count and to compare; how people ask, it hears
little of. Looks are noted first and relations later: to find things must be learnt before comparing them can be.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

from molora.benchmarks.questions import (
    BEYOND,
    FEELINGS,
    FURTHER,
    GROUPS,
    STEPS,
    has_feeling,
    is_beyond,
    is_person,
    name_things,
    neighbour,
    pick_group,
    seen_by,
    yes,
)
from molora.benchmarks.scenes import GRID, Scene, Thing

Fact = tuple[str, str]
"""What is noted, in a few words, and the value."""
Named = tuple[Thing, str]


def make_notes(scene: Scene, rng: random.Random, num: int, sorts: tuple[Sorts, Sorts], reach: float) -> list[Fact]:
    """Up to `num` facts; this share of them, 0 to 1, of the second of two sorts."""
    if len(name_things(scene)) < 2:
        return []
    scribe = _Scribe(scene, rng)
    kinds = [sorts[rng.random() < reach] for _ in range(num)]
    facts = [rng.choices(list(kind), list(kind.values()))[0](scribe) for kind in kinds]
    return [fact for fact in facts if fact]


class _Scribe:
    """Notes facts of one scene; None where it finds nothing of a sort to note."""

    def __init__(self, scene: Scene, rng: random.Random) -> None:
        self._scene, self._rng = scene, rng
        self._named = name_things(scene)

    def look(self) -> Fact:
        thing, name = self._rng.choice(self._named)
        looks = {"colour": thing.colour} if name == thing.kind else {}
        if thing.is_shape:
            looks |= {"pattern": thing.texture, "size": thing.size}
        elif is_person(thing):
            looks = {"mood": thing.mood, "looks": thing.side, "waving": yes(thing.waving)}
        else:
            looks["side"] = thing.side
        return f"{name} {(what := self._rng.choice(list(looks)))}", looks[what]

    def place(self) -> Fact:
        thing, name = self._rng.choice(self._named)
        return f"{name} where", thing.quadrant

    def next_to(self) -> Fact:
        (thing, name), where = self._rng.choice(self._named), self._rng.choice(list(STEPS))
        return f"{where} {name}", _kind(neighbour(self._scene, thing, where))

    def next_to_in_full(self) -> Fact:
        (thing, name), where = self._rng.choice(self._named), self._rng.choice(list(STEPS))
        noted = self._rng.choice((f"directly {where} the {name}", f"by the {name}, {where} it"))
        return noted, _kind(neighbour(self._scene, thing, where))

    def sees(self) -> Fact | None:
        people = [(thing, name) for thing, name in self._people() if thing.side != "ahead"]
        if not people:
            return None
        person, name = self._rng.choice(people)
        return f"{name} sees", _kind(seen_by(self._scene, person))

    def anyone(self) -> Fact:
        feeling = self._rng.choice(FEELINGS)
        return f"anyone {feeling}", yes(any(has_feeling(thing, feeling) for thing in self._scene.things))

    def corner(self) -> Fact:
        row, column = self._rng.choice((0, GRID - 1)), self._rng.choice((0, GRID - 1))
        return f"{'bottom' if row else 'top'} {'right' if column else 'left'} corner", _kind(
            self._scene.at(row, column)
        )

    def count(self) -> Fact:
        group = pick_group(self._scene, self._rng)
        return group.name, str(group.count(self._scene))

    def add(self) -> Fact:
        one, other = self._rng.sample(GROUPS[:5], 2)
        return f"{one.name} and {other.name}", str(one.count(self._scene) + other.count(self._scene))

    def compare(self) -> Fact:
        one, other = pick_group(self._scene, self._rng), pick_group(self._scene, self._rng)
        return f"more {one.name} than {other.name}", yes(one.count(self._scene) > other.count(self._scene))

    def reach(self) -> Fact:
        group = pick_group(self._scene, self._rng)
        number = max(1, group.count(self._scene) + self._rng.randint(0, 1))
        return f"at least {number} {group.name}", yes(group.count(self._scene) >= number)

    def side(self) -> Fact:
        (one, name), (other, other_name), where = self._two_apart()
        return f"{name} {where} {other_name}", yes(is_beyond(one, other, where))

    def side_in_full(self) -> Fact:
        (one, name), (other, other_name), where = self._two_apart()
        return f"the {name} {BEYOND[where]} the {other_name}", yes(is_beyond(one, other, where))

    def further(self) -> Fact | None:
        (one, name), (other, other_name), where = self._two_apart()
        if one.kind == other.kind:
            return None
        return f"{where}, {name} or {other_name}", (one if is_beyond(one, other, where) else other).kind

    def further_in_full(self) -> Fact | None:
        (one, name), (other, other_name), where = self._two_apart()
        if one.kind == other.kind:
            return None
        value = (one if is_beyond(one, other, where) else other).kind
        return f"{FURTHER[where]}, the {name} or the {other_name}", value

    def bigger(self) -> Fact | None:
        (one, name), (other, other_name) = self._rng.sample(self._named, 2)
        if not (one.is_shape and other.is_shape and one.kind != other.kind and one.size != other.size):
            return None
        return f"bigger, {name} or {other_name}", (one if one.size == "big" else other).kind

    def who(self) -> Fact | None:
        people = self._people()
        if len(people) < 2:
            return None
        (one, name), (other, other_name) = self._rng.sample(people, 2)
        return None if one.mood == other.mood else (f"{one.mood}, the {name} or the {other_name}", one.colour)

    def _people(self) -> list[Named]:
        return [(thing, name) for thing, name in self._named if is_person(thing)]

    def _two_apart(self) -> tuple[Named, Named, str]:
        """And where the first may be said, rightly or not, to be of the second."""
        one, other = self._rng.sample(self._named, 2)
        places = [where for where in STEPS if is_beyond(one[0], other[0], where) or is_beyond(other[0], one[0], where)]
        return one, other, self._rng.choice(places)


def _kind(thing: Thing | None) -> str:
    return thing.kind if thing else "nothing"


Sorts = Mapping[Callable[[_Scribe], Fact | None], int]
"""What a scribe can note, each with its weight."""
NEAR: Sorts = {_Scribe.look: 4, _Scribe.count: 1}
"""What single things look like, and how many there are."""
FAR: Sorts = {
    _Scribe.look: 3,
    _Scribe.place: 3,
    _Scribe.next_to: 6,
    _Scribe.sees: 2,
    _Scribe.corner: 1,
    _Scribe.count: 4,
    _Scribe.add: 2,
    _Scribe.compare: 2,
    _Scribe.reach: 2,
    _Scribe.side: 4,
    _Scribe.further: 4,
    _Scribe.bigger: 2,
}
"""Relations as well."""
HARD: Sorts = {**FAR, _Scribe.corner: 3, _Scribe.further: 9, _Scribe.bigger: 5}
"""More of what is learnt last: to choose between two things, and to look where nothing is named."""
ASKED: Sorts = {
    **HARD,
    _Scribe.next_to_in_full: 8,
    _Scribe.side_in_full: 9,
    _Scribe.further_in_full: 9,
    _Scribe.who: 5,
    _Scribe.anyone: 3,
}
"""Relations in the words of questions as well, and what people are asked about."""
