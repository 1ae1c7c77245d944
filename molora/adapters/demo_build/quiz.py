"""Terse facts about a scene, many in one turn: so the backbone learns to count and to relate.

A natural question costs some fifteen tokens for one answer; a fact costs five.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from molora.adapters.demo_build.packing import Turn
from molora.benchmarks.questions import GROUPS, STEPS, Group, is_beyond, name_things, neighbour, pick_group, seen_by
from molora.benchmarks.scenes import GRID, Scene, Thing

Fact = tuple[str, str]
"""What is asked, in a few words, and the answer."""


def make_quiz(scene: Scene, rng: random.Random, num: int) -> Turn:
    """One turn of `num` facts, given and said by turns."""
    pieces = ["Quiz.", ""]
    kinds = _KINDS if len(name_things(scene)) > 1 else [_count] * len(_KINDS)
    for _ in range(num):
        asked, answer = rng.choices(kinds, _WEIGHTS)[0](scene, rng)
        pieces += [f", {asked}:", answer]
    return tuple(pieces)


def _count(scene: Scene, rng: random.Random) -> Fact:
    group = pick_group(scene, rng)
    return group.name, str(group.count(scene))


def _add(scene: Scene, rng: random.Random) -> Fact:
    one, other = rng.sample(GROUPS[:5], 2)
    return f"{one.name} and {other.name}", str(one.count(scene) + other.count(scene))


def _compare(scene: Scene, rng: random.Random) -> Fact:
    one, other = pick_group(scene, rng), pick_group(scene, rng)
    return f"more {one.name} than {other.name}", _yes(one.count(scene) > other.count(scene))


def _reach(scene: Scene, rng: random.Random) -> Fact:
    group = pick_group(scene, rng)
    number = max(1, group.count(scene) + rng.randint(0, 1))
    return f"at least {number} {group.name}", _yes(group.count(scene) >= number)


def _next_to(scene: Scene, rng: random.Random) -> Fact:
    (thing, name), where = rng.choice(name_things(scene)), rng.choice(list(STEPS))
    found = neighbour(scene, thing, where)
    return f"{where} the {name}", found.kind if found else "nothing"


def _side(scene: Scene, rng: random.Random) -> Fact:
    (one, name), (other, other_name) = rng.sample(name_things(scene), 2)
    where = rng.choice([where for where in STEPS if is_beyond(one, other, where) or is_beyond(other, one, where)])
    return f"{name} {where} {other_name}", _yes(is_beyond(one, other, where))


def _further(scene: Scene, rng: random.Random) -> Fact:
    (one, name), (other, other_name) = rng.sample(name_things(scene), 2)
    where = rng.choice([where for where in STEPS if is_beyond(one, other, where)])
    first, second = rng.sample((name, other_name), 2)
    return f"{where}, {first} or {second}", one.kind


def _quarter(scene: Scene, rng: random.Random) -> Fact:
    thing, name = rng.choice(name_things(scene))
    return f"where is the {name}", thing.quadrant


def _corner(scene: Scene, rng: random.Random) -> Fact:
    row, column = rng.choice((0, GRID - 1)), rng.choice((0, GRID - 1))
    found = scene.at(row, column)
    name = f"{'bottom' if row else 'top'} {'right' if column else 'left'} corner"
    return name, found.kind if found else "nothing"


def _yes(truth: bool) -> str:
    return "yes" if truth else "no"


_WEIGHTED: dict[Callable[[Scene, random.Random], Fact], int] = {
    _count: 8,
    _add: 3,
    _compare: 3,
    _reach: 3,
    _next_to: 6,
    _side: 5,
    _further: 4,
    _quarter: 2,
    _corner: 2,
}
_KINDS, _WEIGHTS = list(_WEIGHTED), list(_WEIGHTED.values())


def make_profiles(scene: Scene, rng: random.Random, num: int) -> Turn:
    """One turn that tells all about things singled out by name: to find what is named is half of most questions."""
    named = name_things(scene)
    pieces = ["Tell all.", ""]
    for thing, name in rng.sample(named, min(num, len(named))):
        pieces += [f", {name}:", _profile(scene, thing)]
    return tuple(pieces)


def _profile(scene: Scene, thing: Thing) -> str:
    """Where it is, what it is like, its neighbours in the order of STEPS, how many there are of its kind and colour."""
    around = [neighbour(scene, thing, where) for where in STEPS]
    near = " ".join(found.kind if found else "nothing" for found in around)
    like = [Group(kind=thing.kind), Group(colour=thing.colour)]
    counts = " ".join(str(group.count(scene)) for group in like)
    seen = seen_by(scene, thing) if thing.kind == "person" and thing.side != "ahead" else None
    return f"{thing.quadrant}, {thing.describe()} {seen.kind if seen else ''}, {near}, {counts}"
