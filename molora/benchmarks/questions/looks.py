"""What things look like and how heavy that makes them."""

from __future__ import annotations

import random

from molora.benchmarks.questions.asking import Asked, Families, ask_about, word
from molora.benchmarks.questions.naming import pick_two
from molora.benchmarks.scenes import Scene


def _ask_colour(scene: Scene, rng: random.Random) -> Asked:
    return ask_about(
        scene,
        rng,
        lambda t: t.kind != "person" and sum(u.kind == t.kind for u in scene.things) == 1,
        lambda t: t.colour,
        "What colour is the {name}?",
        "Which colour does the {name} have?",
        "What is the colour of the {name}?",
    )


def _ask_texture(scene: Scene, rng: random.Random) -> Asked:
    return ask_about(
        scene,
        rng,
        lambda t: t.is_shape,
        lambda t: t.texture,
        "Is the {name} plain, striped or dotted?",
        "What pattern does the {name} have?",
        "What does the surface of the {name} look like?",
        "What texture covers the {name}?",
    )


def _ask_size(scene: Scene, rng: random.Random) -> Asked:
    return ask_about(
        scene,
        rng,
        lambda t: t.is_shape,
        lambda t: t.size,
        "Is the {name} small or big?",
        "What size is the {name}?",
        "How large is the {name}, small or big?",
    )


def _ask_heavier(scene: Scene, rng: random.Random) -> Asked:
    pair = pick_two(
        scene,
        rng,
        lambda a, b: a.kind != b.kind and a.is_shape and b.is_shape and a.size == "big" and b.size == "small",
    )
    if pair is None:
        return None
    names = [pair[0][1], pair[1][1]]
    rng.shuffle(names)
    text = word(
        rng,
        "Which is heavier, the {a} or the {b}, if both are made of wood?",
        "Which would weigh more, the {a} or the {b}?",
        "Which is larger, the {a} or the {b}?",
        "What takes up more room, the {a} or the {b}?",
        a=names[0],
        b=names[1],
    )
    return text, pair[0][0].kind


LOOKS: Families = ((_ask_colour, 2), (_ask_texture, 2), (_ask_size, 2), (_ask_heavier, 2))
