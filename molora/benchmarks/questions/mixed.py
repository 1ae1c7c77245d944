"""Questions that need two types of reasoning at once."""

from __future__ import annotations

import random
from collections.abc import Callable

from molora.benchmarks.questions.asking import Asked, Families, word
from molora.benchmarks.questions.directions import STEPS, is_beyond, neighbour
from molora.benchmarks.questions.naming import name_things, pick, plural
from molora.benchmarks.questions.social import FEELINGS, has_feeling, is_person
from molora.benchmarks.scenes import SHAPES, Scene, Thing


def _ask_count_feeling(scene: Scene, rng: random.Random) -> Asked:
    feeling = rng.choice(FEELINGS)
    text = word(
        rng,
        "How many people are {feeling}?",
        "How many {feeling} people can you count?",
        "What is the number of {feeling} people?",
        feeling=feeling,
    )
    return text, str(sum(has_feeling(t, feeling) for t in scene.things))


def _ask_count_beside(scene: Scene, rng: random.Random) -> Asked:
    side = rng.choice(("left of", "right of"))
    picked = pick(scene, rng, lambda t: t.kind == "tower" or t.is_shape)
    if picked is None:
        return None
    happy = rng.random() < 0.3
    kind = "person" if happy else rng.choice(("person", *SHAPES))
    found = [t for t in scene.things if t.kind == kind and is_beyond(t, picked[0], side)]
    count = sum(t.mood == "happy" for t in found) if happy else len(found)
    text = word(
        rng,
        "How many {names} are {side} the {name}?",
        "Count the {names} that are {side} the {name}.",
        names="smiling people" if happy else plural(kind),
        side=side,
        name=picked[1],
    )
    return text, str(count)


def _ask_count_texture(scene: Scene, rng: random.Random) -> Asked:
    texture = rng.choice(("striped", "dotted", "big", "small"))
    count = sum(t.is_shape and texture in (t.texture, t.size) for t in scene.things)
    text = word(
        rng,
        "How many {texture} things are there?",
        "Count the things that are {texture}.",
        "What is the number of {texture} things?",
        texture=texture,
    )
    return text, str(count)


def _pick_neighbour(
    scene: Scene, rng: random.Random, where: str, accept: Callable[[Thing], bool]
) -> tuple[Thing, str] | None:
    """A thing directly there from a named one, and the name of that one."""
    beside = [(neighbour(scene, thing, where), name) for thing, name in name_things(scene)]
    found = [(other, name) for other, name in beside if other and accept(other)]
    return rng.choice(found) if found else None


def _ask_neighbour_colour(scene: Scene, rng: random.Random) -> Asked:
    where = rng.choice(list(STEPS))
    picked = _pick_neighbour(scene, rng, where, lambda t: not is_person(t))
    if picked is None:
        return None
    text = word(
        rng,
        "What colour is the thing directly {where} the {name}?",
        "Which colour has the thing just {where} the {name}?",
        where=where,
        name=picked[1],
    )
    return text, picked[0].colour


def _ask_neighbour_mood(scene: Scene, rng: random.Random) -> Asked:
    where = rng.choice(list(STEPS))
    picked = _pick_neighbour(scene, rng, where, is_person)
    if picked is None:
        return None
    text = word(
        rng,
        "How does the person directly {where} the {name} feel?",
        "What mood is the person just {where} the {name} in?",
        where=where,
        name=picked[1],
    )
    return text, picked[0].mood


MIXED: dict[tuple[str, ...], Families] = {
    ("quantity", "social"): ((_ask_count_feeling, 1),),
    ("quantity", "spatial"): ((_ask_count_beside, 1),),
    ("quantity", "physical"): ((_ask_count_texture, 1),),
    ("spatial", "physical"): ((_ask_neighbour_colour, 1),),
    ("spatial", "social"): ((_ask_neighbour_mood, 1),),
}
