"""Things that can be asked about: those that a short name singles out."""

from __future__ import annotations

import random
from collections.abc import Callable

from molora.benchmarks.scenes import Scene, Thing


def name_things(scene: Scene) -> list[tuple[Thing, str]]:
    """Things that a short name singles out, with that name."""
    return [(thing, name) for thing in scene.things if (name := _name(scene, thing))]


def _name(scene: Scene, thing: Thing) -> str | None:
    """The shortest name that fits no other thing of the scene."""
    same = [t for t in scene.things if t.kind == thing.kind]
    if len(same) == 1:
        return thing.kind
    if sum(t.colour == thing.colour for t in same) > 1:
        return None
    return f"person in {thing.colour}" if thing.kind == "person" else f"{thing.colour} {thing.kind}"


def pick(
    scene: Scene, rng: random.Random, accept: Callable[[Thing], bool] = lambda _: True
) -> tuple[Thing, str] | None:
    named = [(thing, name) for thing, name in name_things(scene) if accept(thing)]
    return rng.choice(named) if named else None


def pick_two(
    scene: Scene, rng: random.Random, accept: Callable[[Thing, Thing], bool]
) -> tuple[tuple[Thing, str], tuple[Thing, str]] | None:
    named = name_things(scene)
    pairs = [(a, b) for a in named for b in named if a is not b and accept(a[0], b[0])]
    return rng.choice(pairs) if pairs else None


def plural(word: str) -> str:
    return {"box": "boxes", "person": "people"}.get(word, word + "s")
