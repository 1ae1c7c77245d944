"""What would fall or roll, and which way."""

from __future__ import annotations

import random

from molora.benchmarks.questions.asking import Asked, Families, word, yes
from molora.benchmarks.questions.naming import pick
from molora.benchmarks.scenes import Scene, Thing


def _only(scene: Scene, kind: str) -> Thing | None:
    found = [t for t in scene.things if t.kind == kind]
    return found[0] if len(found) == 1 else None


def _ask_topple(scene: Scene, rng: random.Random) -> Asked:
    tower, truth = _only(scene, "tower"), rng.random() < 0.5
    if tower is None or (tower.side != "straight") != truth:
        return None
    text = word(
        rng,
        "Will the tower fall over?",
        "Is the tower about to topple?",
        "Is the stack of blocks going to collapse?",
        "Would the tower tip over?",
    )
    return text, yes(truth)


def _ask_fall_side(scene: Scene, rng: random.Random) -> Asked:
    tower = _only(scene, "tower")
    if tower is None or tower.side == "straight":
        return None
    text = word(
        rng,
        "To which side will the tower fall?",
        "Which way is the tower going to topple?",
        "In which direction does the stack of blocks tip?",
    )
    return text, tower.side


def _ask_roll_side(scene: Scene, rng: random.Random) -> Asked:
    ramp = _only(scene, "ramp")
    if ramp is None:
        return None
    text = word(
        rng,
        "Which way will the marble roll?",
        "If the marble is let go, which way does it roll down the ramp?",
        "In which direction does the ramp slope down?",
        "To which side would the marble on the ramp speed away?",
    )
    return text, ramp.side


def _ask_rolls(scene: Scene, rng: random.Random) -> Asked:
    truth = rng.random() < 0.5
    picked = pick(scene, rng, lambda t: t.is_shape and (t.kind == "ball") == truth and t.colour in _colours_once(scene))
    if picked is None:
        return None
    text = word(
        rng,
        "Would the {colour} thing roll away if pushed?",
        "Could the {colour} thing roll down a slope?",
        "Can the {colour} thing roll on the floor?",
        colour=picked[0].colour,
    )
    return text, yes(truth)


def _colours_once(scene: Scene) -> list[str]:
    """Colours that one thing alone has, shirts left out."""
    seen = [t.colour for t in scene.things if t.kind != "person"]
    return [colour for colour in set(seen) if seen.count(colour) == 1]


MOTION: Families = ((_ask_topple, 1.5), (_ask_fall_side, 1), (_ask_roll_side, 1.5), (_ask_rolls, 2))
