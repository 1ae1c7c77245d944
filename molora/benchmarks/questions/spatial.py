"""Where things are."""

from __future__ import annotations

import random

from molora.benchmarks.questions.asking import Asked, Families, ask_about, word, yes
from molora.benchmarks.questions.directions import BEYOND, FURTHER, OPPOSITES, STEPS, is_beyond, neighbour
from molora.benchmarks.questions.naming import pick, pick_two
from molora.benchmarks.scenes import GRID, Scene


def _ask_neighbour(scene: Scene, rng: random.Random) -> Asked:
    where = rng.choice(list(STEPS))
    filled = rng.random() < 0.8
    picked = pick(scene, rng, lambda t: (neighbour(scene, t, where) is not None) == filled)
    if picked is None:
        return None
    other = neighbour(scene, picked[0], where)
    text = word(
        rng,
        "What is directly {where} the {name}?",
        "What stands right {where} the {name}?"
        if where in ("above", "below")
        else "What stands just {where} the {name}?",
        "Which thing is next to the {name}, {where} it?",
        "Look at the {name}: what is immediately {where} it?",
        where=where,
        name=picked[1],
    )
    return text, other.kind if other else "nothing"


def _ask_relation(scene: Scene, rng: random.Random) -> Asked:
    where, truth = rng.choice(list(STEPS)), rng.random() < 0.5
    wanted = where if truth else OPPOSITES[where]
    pair = pick_two(scene, rng, lambda a, b: is_beyond(a, b, wanted))
    if pair is None:
        return None
    text = word(
        rng,
        "Is the {a} {phrase} the {b}?",
        "Is it true that the {a} is {phrase} the {b}?",
        "In this {picture}, is the {a} {phrase} the {b}?",
        "Can the {a} be found {phrase} the {b}?",
        a=pair[0][1],
        b=pair[1][1],
        phrase=BEYOND[where],
    )
    return text, yes(truth)


def _ask_quadrant(scene: Scene, rng: random.Random) -> Asked:
    return ask_about(
        scene,
        rng,
        lambda _: True,
        lambda t: t.quadrant,
        "Where is the {name}?",
        "In which part of the {picture} is the {name}?",
        "Which quarter of the {picture} holds the {name}?",
        "Where in the {picture} can the {name} be seen?",
    )


def _ask_further(scene: Scene, rng: random.Random) -> Asked:
    where = rng.choice(list(STEPS))
    pair = pick_two(scene, rng, lambda a, b: a.kind != b.kind and is_beyond(a, b, where))
    if pair is None:
        return None
    names = [pair[0][1], pair[1][1]]
    rng.shuffle(names)
    text = word(
        rng,
        "Which is {phrase}, the {a} or the {b}?",
        "Of the {a} and the {b}, which one is {phrase}?",
        "What is {phrase} in the {picture}: the {a} or the {b}?",
        phrase=FURTHER[where],
        a=names[0],
        b=names[1],
    )
    return text, pair[0][0].kind


def _ask_corner(scene: Scene, rng: random.Random) -> Asked:
    row, column = rng.choice((0, GRID - 1)), rng.choice((0, GRID - 1))
    thing = scene.at(row, column)
    if thing is None and rng.random() < 0.7:
        return None
    corner = f"{'top' if row == 0 else 'bottom'} {'left' if column == 0 else 'right'}"
    text = word(
        rng,
        "What is in the {corner} corner?",
        "What do you see in the {corner} corner of the {picture}?",
        "Which thing sits in the {corner} corner?",
        corner=corner,
    )
    return text, thing.kind if thing else "nothing"


SPATIAL: Families = (
    (_ask_neighbour, 3),
    (_ask_relation, 3),
    (_ask_quadrant, 2),
    (_ask_further, 2),
    (_ask_corner, 2),
)
