"""How many things there are."""

from __future__ import annotations

import random

from molora.benchmarks.questions.asking import Asked, Families, word, yes
from molora.benchmarks.questions.groups import pick_group
from molora.benchmarks.questions.naming import plural
from molora.benchmarks.scenes import SHAPES, Scene


def _ask_count(scene: Scene, rng: random.Random) -> Asked:
    group = pick_group(scene, rng)
    text = word(
        rng,
        "How many {names} are there?",
        "How many {names} can you see in the {picture}?",
        "What is the number of {names}?",
        "Count the {names}.",
        "How many {names} does the {picture} show?",
        names=group.name,
    )
    return text, str(group.count(scene))


def _ask_more(scene: Scene, rng: random.Random) -> Asked:
    a, b = pick_group(scene, rng), pick_group(scene, rng)
    truth = rng.random() < 0.5
    if a.name == b.name or (a.count(scene) > b.count(scene)) != truth:
        return None
    text = word(
        rng,
        "Are there more {a} than {b}?",
        "Does the {picture} show more {a} than {b}?",
        "Is the number of {a} greater than the number of {b}?",
        a=a.name,
        b=b.name,
    )
    return text, yes(truth)


def _ask_at_least(scene: Scene, rng: random.Random) -> Asked:
    group, truth = pick_group(scene, rng), rng.random() < 0.5
    number = group.count(scene) + (0 if truth else 1)
    if not 1 <= number <= 5:
        return None
    text = word(
        rng,
        "Are there at least {number} {names}?",
        "Can you count {number} or more {names}?",
        "Does the {picture} have no fewer than {number} {names}?",
        number=str(number),
        names=group.name,
    )
    return text, yes(truth)


def _ask_sum(scene: Scene, rng: random.Random) -> Asked:
    a, b = rng.sample((*SHAPES, "person"), 2)
    total = sum(t.kind in (a, b) for t in scene.things)
    if total == 0:
        return None
    text = word(
        rng,
        "How many {a} and {b} are there altogether?",
        "What is the total number of {a} and {b}?",
        "Counting both {a} and {b}, how many are there?",
        a=plural(a),
        b=plural(b),
    )
    return text, str(total)


QUANTITY: Families = ((_ask_count, 5), (_ask_more, 2), (_ask_at_least, 2), (_ask_sum, 2))
