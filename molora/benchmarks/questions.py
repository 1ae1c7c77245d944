"""Questions about a scene, in varied wording, with short answers and the reasoning types they need.

A family looks at a scene and asks one question, or returns None where the scene has nothing to ask about.
Where it can, it chooses the answer first, so that guessing the commonest answer does not pay.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from molora.benchmarks.scenes import COLOURS, GRID, MOODS, SHAPES, Scene, Thing

KINDS = ("spatial", "quantity", "physical", "social")
PICTURES = ("picture", "image", "scene")


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


Asked = tuple[str, str] | None
Family = Callable[[Scene, random.Random], Asked]


def sample_question(scene: Scene, kinds: Sequence[str], rng: random.Random) -> Question | None:
    """A question that needs exactly these types, from a family drawn by weight; None where the family drawn finds nothing to ask."""
    families = FAMILIES[tuple(kinds)]
    ask = rng.choices([family for family, _ in families], [weight for _, weight in families])[0]
    asked = ask(scene, rng)
    return Question(*asked, tuple(kinds)) if asked else None


def make_examples(seed: int, num: int, kinds: Sequence[tuple[str, ...]]) -> Iterator[Example]:
    """`num` examples, a new scene each, the kinds taking turns; the same for the same seed."""
    rng = random.Random(seed)
    for index in range(num):
        question = None
        while question is None:
            scene = Scene.draw(rng)
            question = sample_question(scene, kinds[index % len(kinds)], rng)
        yield Example(scene, question)


# Naming things


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


def _pick(
    scene: Scene, rng: random.Random, accept: Callable[[Thing], bool] = lambda _: True
) -> tuple[Thing, str] | None:
    named = [(thing, name) for thing, name in name_things(scene) if accept(thing)]
    return rng.choice(named) if named else None


def _pick_two(
    scene: Scene, rng: random.Random, accept: Callable[[Thing, Thing], bool]
) -> tuple[tuple[Thing, str], tuple[Thing, str]] | None:
    named = name_things(scene)
    pairs = [(a, b) for a in named for b in named if a is not b and accept(a[0], b[0])]
    return rng.choice(pairs) if pairs else None


def _yes(truth: bool) -> str:
    return "yes" if truth else "no"


def _plural(word: str) -> str:
    return {"box": "boxes", "person": "people"}.get(word, word + "s")


def _word(rng: random.Random, *templates: str, **names: str) -> str:
    return rng.choice(templates).format(picture=rng.choice(PICTURES), **names)


# Spatial

STEPS = {"left of": (0, -1), "right of": (0, 1), "above": (-1, 0), "below": (1, 0)}
"""Rows and columns to go."""
OPPOSITES = {"left of": "right of", "right of": "left of", "above": "below", "below": "above"}


def neighbour(scene: Scene, thing: Thing, where: str) -> Thing | None:
    down, along = STEPS[where]
    return scene.at(thing.row + down, thing.column + along)


def _ask_neighbour(scene: Scene, rng: random.Random) -> Asked:
    where = rng.choice(list(STEPS))
    filled = rng.random() < 0.8
    picked = _pick(scene, rng, lambda t: (neighbour(scene, t, where) is not None) == filled)
    if picked is None:
        return None
    other = neighbour(scene, picked[0], where)
    text = _word(
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


def is_beyond(a: Thing, b: Thing, where: str) -> bool:
    down, along = STEPS[where]
    return (a.row - b.row) * down + (a.column - b.column) * along > 0


def _ask_relation(scene: Scene, rng: random.Random) -> Asked:
    where, truth = rng.choice(list(STEPS)), rng.random() < 0.5
    wanted = where if truth else OPPOSITES[where]
    pair = _pick_two(scene, rng, lambda a, b: is_beyond(a, b, wanted))
    if pair is None:
        return None
    phrase = {
        "left of": "to the left of",
        "right of": "to the right of",
        "above": "higher up than",
        "below": "lower down than",
    }[where]
    text = _word(
        rng,
        "Is the {a} {phrase} the {b}?",
        "Is it true that the {a} is {phrase} the {b}?",
        "In this {picture}, is the {a} {phrase} the {b}?",
        "Can the {a} be found {phrase} the {b}?",
        a=pair[0][1],
        b=pair[1][1],
        phrase=phrase,
    )
    return text, _yes(truth)


def _ask_quadrant(scene: Scene, rng: random.Random) -> Asked:
    picked = _pick(scene, rng)
    if picked is None:
        return None
    text = _word(
        rng,
        "Where is the {name}?",
        "In which part of the {picture} is the {name}?",
        "Which quarter of the {picture} holds the {name}?",
        "Where in the {picture} can the {name} be seen?",
        name=picked[1],
    )
    return text, picked[0].quadrant


def _ask_further(scene: Scene, rng: random.Random) -> Asked:
    where = rng.choice(list(STEPS))
    pair = _pick_two(scene, rng, lambda a, b: a.kind != b.kind and is_beyond(a, b, where))
    if pair is None:
        return None
    names = [pair[0][1], pair[1][1]]
    rng.shuffle(names)
    phrase = {
        "left of": "further to the left",
        "right of": "further to the right",
        "above": "higher up",
        "below": "lower down",
    }[where]
    text = _word(
        rng,
        "Which is {phrase}, the {a} or the {b}?",
        "Of the {a} and the {b}, which one is {phrase}?",
        "What is {phrase} in the {picture}: the {a} or the {b}?",
        phrase=phrase,
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
    text = _word(
        rng,
        "What is in the {corner} corner?",
        "What do you see in the {corner} corner of the {picture}?",
        "Which thing sits in the {corner} corner?",
        corner=corner,
    )
    return text, thing.kind if thing else "nothing"


# Quantity


@dataclass(frozen=True)
class Group:
    """Things of a kind, of a colour, or of both; shirts give nobody a colour."""

    kind: str | None = None
    colour: str | None = None

    @property
    def name(self) -> str:
        return " ".join(filter(None, (self.colour, _plural(self.kind) if self.kind else "things")))

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


def _ask_count(scene: Scene, rng: random.Random) -> Asked:
    group = pick_group(scene, rng)
    text = _word(
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
    text = _word(
        rng,
        "Are there more {a} than {b}?",
        "Does the {picture} show more {a} than {b}?",
        "Is the number of {a} greater than the number of {b}?",
        a=a.name,
        b=b.name,
    )
    return text, _yes(truth)


def _ask_at_least(scene: Scene, rng: random.Random) -> Asked:
    group, truth = pick_group(scene, rng), rng.random() < 0.5
    number = group.count(scene) + (0 if truth else 1)
    if not 1 <= number <= 5:
        return None
    text = _word(
        rng,
        "Are there at least {number} {names}?",
        "Can you count {number} or more {names}?",
        "Does the {picture} have no fewer than {number} {names}?",
        number=str(number),
        names=group.name,
    )
    return text, _yes(truth)


def _ask_sum(scene: Scene, rng: random.Random) -> Asked:
    a, b = rng.sample((*SHAPES, "person"), 2)
    total = sum(t.kind in (a, b) for t in scene.things)
    if total == 0:
        return None
    text = _word(
        rng,
        "How many {a} and {b} are there altogether?",
        "What is the total number of {a} and {b}?",
        "Counting both {a} and {b}, how many are there?",
        a=_plural(a),
        b=_plural(b),
    )
    return text, str(total)


# Physical


def _ask_colour(scene: Scene, rng: random.Random) -> Asked:
    picked = _pick(scene, rng, lambda t: t.kind != "person" and sum(u.kind == t.kind for u in scene.things) == 1)
    if picked is None:
        return None
    text = _word(
        rng,
        "What colour is the {name}?",
        "Which colour does the {name} have?",
        "What is the colour of the {name}?",
        name=picked[1],
    )
    return text, picked[0].colour


def _ask_texture(scene: Scene, rng: random.Random) -> Asked:
    picked = _pick(scene, rng, lambda t: t.is_shape)
    if picked is None:
        return None
    text = _word(
        rng,
        "Is the {name} plain, striped or dotted?",
        "What pattern does the {name} have?",
        "What does the surface of the {name} look like?",
        "What texture covers the {name}?",
        name=picked[1],
    )
    return text, picked[0].texture


def _ask_size(scene: Scene, rng: random.Random) -> Asked:
    picked = _pick(scene, rng, lambda t: t.is_shape)
    if picked is None:
        return None
    text = _word(
        rng,
        "Is the {name} small or big?",
        "What size is the {name}?",
        "How large is the {name}, small or big?",
        name=picked[1],
    )
    return text, picked[0].size


def _ask_heavier(scene: Scene, rng: random.Random) -> Asked:
    pair = _pick_two(
        scene,
        rng,
        lambda a, b: a.kind != b.kind and a.is_shape and b.is_shape and a.size == "big" and b.size == "small",
    )
    if pair is None:
        return None
    names = [pair[0][1], pair[1][1]]
    rng.shuffle(names)
    text = _word(
        rng,
        "Which is heavier, the {a} or the {b}, if both are made of wood?",
        "Which would weigh more, the {a} or the {b}?",
        "Which is larger, the {a} or the {b}?",
        "What takes up more room, the {a} or the {b}?",
        a=names[0],
        b=names[1],
    )
    return text, pair[0][0].kind


def _only(scene: Scene, kind: str) -> Thing | None:
    found = [t for t in scene.things if t.kind == kind]
    return found[0] if len(found) == 1 else None


def _ask_topple(scene: Scene, rng: random.Random) -> Asked:
    tower, truth = _only(scene, "tower"), rng.random() < 0.5
    if tower is None or (tower.side != "straight") != truth:
        return None
    text = _word(
        rng,
        "Will the tower fall over?",
        "Is the tower about to topple?",
        "Is the stack of blocks going to collapse?",
        "Would the tower tip over?",
    )
    return text, _yes(truth)


def _ask_fall_side(scene: Scene, rng: random.Random) -> Asked:
    tower = _only(scene, "tower")
    if tower is None or tower.side == "straight":
        return None
    text = _word(
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
    text = _word(
        rng,
        "Which way will the marble roll?",
        "If the marble is let go, which way does it roll down the ramp?",
        "In which direction does the ramp slope down?",
        "To which side would the marble on the ramp speed away?",
    )
    return text, ramp.side


def _ask_rolls(scene: Scene, rng: random.Random) -> Asked:
    truth = rng.random() < 0.5
    picked = _pick(
        scene, rng, lambda t: t.is_shape and (t.kind == "ball") == truth and t.colour in _colours_once(scene)
    )
    if picked is None:
        return None
    text = _word(
        rng,
        "Would the {colour} thing roll away if pushed?",
        "Could the {colour} thing roll down a slope?",
        "Can the {colour} thing roll on the floor?",
        colour=picked[0].colour,
    )
    return text, _yes(truth)


def _colours_once(scene: Scene) -> list[str]:
    """Colours that one thing alone has, shirts left out."""
    seen = [t.colour for t in scene.things if t.kind != "person"]
    return [colour for colour in set(seen) if seen.count(colour) == 1]


# Social


def _is_person(thing: Thing) -> bool:
    return thing.kind == "person"


def _ask_mood(scene: Scene, rng: random.Random) -> Asked:
    picked = _pick(scene, rng, _is_person)
    if picked is None:
        return None
    text = _word(
        rng,
        "How does the {name} feel?",
        "What mood is the {name} in?",
        "Is the {name} happy, sad or surprised?",
        "What emotion does the face of the {name} show?",
        name=picked[1],
    )
    return text, picked[0].mood


def _ask_gaze(scene: Scene, rng: random.Random) -> Asked:
    picked = _pick(scene, rng, _is_person)
    if picked is None:
        return None
    text = _word(
        rng,
        "Which way is the {name} looking?",
        "In which direction does the {name} look?",
        "Where are the eyes of the {name} turned?",
        "Where does the {name} direct their gaze?",
        name=picked[1],
    )
    return text, picked[0].side


def _ask_waving(scene: Scene, rng: random.Random) -> Asked:
    picked = _pick(scene, rng, _is_person)
    if picked is None:
        return None
    text = _word(
        rng,
        "Is the {name} waving?",
        "Does the {name} greet us with a raised hand?",
        "Is the {name} saying hello with a hand?",
        "Has the {name} raised a hand in greeting?",
        name=picked[1],
    )
    return text, _yes(picked[0].waving)


def seen_by(scene: Scene, person: Thing) -> Thing | None:
    """The nearest thing in the row a person looks along."""
    row = [t for t in scene.things if t.row == person.row and t is not person]
    if person.side == "left":
        return max((t for t in row if t.column < person.column), key=lambda t: t.column, default=None)
    return min((t for t in row if t.column > person.column), key=lambda t: t.column, default=None)


def _ask_seen(scene: Scene, rng: random.Random) -> Asked:
    picked = _pick(scene, rng, lambda t: _is_person(t) and t.side != "ahead")
    if picked is None:
        return None
    seen = seen_by(scene, picked[0])
    if seen is None and rng.random() < 0.6:
        return None
    text = _word(
        rng,
        "What is the {name} looking at?",
        "At what does the {name} gaze?",
        "What has caught the eye of the {name}?",
        name=picked[1],
    )
    return text, seen.kind if seen else "nothing"


def _ask_which_person(scene: Scene, rng: random.Random) -> Asked:
    pair = _pick_two(scene, rng, lambda a, b: _is_person(a) and _is_person(b) and a.mood != b.mood)
    if pair is None:
        return None
    people = [pair[0][0].colour, pair[1][0].colour]
    rng.shuffle(people)
    text = _word(
        rng,
        "Who is {mood}, the person in {a} or the person in {b}?",
        "Which person feels {mood}: the one in {a} or the one in {b}?",
        "Who looks {mood}, the one in {a} or the one in {b}?",
        mood=pair[0][0].mood,
        a=people[0],
        b=people[1],
    )
    return text, pair[0][0].colour


def _ask_anyone(scene: Scene, rng: random.Random) -> Asked:
    mood, truth = rng.choice((*MOODS, "waving")), rng.random() < 0.5
    if any(_is_person(t) and (t.waving if mood == "waving" else t.mood == mood) for t in scene.things) != truth:
        return None
    text = _word(
        rng,
        "Is anyone {mood}?",
        "Is there anybody who is {mood}?",
        "Do you see somebody who is {mood} in the {picture}?",
        mood=mood,
    )
    return text, _yes(truth)


# Two types at once


def _ask_count_feeling(scene: Scene, rng: random.Random) -> Asked:
    mood = rng.choice((*MOODS, "waving"))
    count = sum(_is_person(t) and (t.waving if mood == "waving" else t.mood == mood) for t in scene.things)
    text = _word(
        rng,
        "How many people are {mood}?",
        "How many {mood} people can you count?",
        "What is the number of {mood} people?",
        mood=mood,
    )
    return text, str(count)


def _ask_count_beside(scene: Scene, rng: random.Random) -> Asked:
    side = rng.choice(("left of", "right of"))
    picked = _pick(scene, rng, lambda t: t.kind == "tower" or t.is_shape)
    if picked is None:
        return None
    happy = rng.random() < 0.3
    kind = "person" if happy else rng.choice(("person", *SHAPES))
    found = [t for t in scene.things if t.kind == kind and t is not picked[0] and is_beyond(t, picked[0], side)]
    count = sum(t.mood == "happy" for t in found) if happy else len(found)
    names = "smiling people" if happy else _plural(kind)
    return _word(
        rng,
        "How many {names} are {side} the {name}?",
        "Count the {names} that are {side} the {name}.",
        names=names,
        side=side,
        name=picked[1],
    ), str(count)


def _ask_neighbour_colour(scene: Scene, rng: random.Random) -> Asked:
    where = rng.choice(list(STEPS))
    picked = _pick(scene, rng, lambda t: (other := neighbour(scene, t, where)) is not None and other.kind != "person")
    if picked is None:
        return None
    other = neighbour(scene, picked[0], where)
    assert other is not None
    text = _word(
        rng,
        "What colour is the thing directly {where} the {name}?",
        "Which colour has the thing just {where} the {name}?",
        where=where,
        name=picked[1],
    )
    return text, other.colour


def _ask_neighbour_mood(scene: Scene, rng: random.Random) -> Asked:
    where = rng.choice(list(STEPS))
    picked = _pick(scene, rng, lambda t: (other := neighbour(scene, t, where)) is not None and _is_person(other))
    if picked is None:
        return None
    other = neighbour(scene, picked[0], where)
    assert other is not None
    text = _word(
        rng,
        "How does the person directly {where} the {name} feel?",
        "What mood is the person just {where} the {name} in?",
        where=where,
        name=picked[1],
    )
    return text, other.mood


def _ask_count_texture(scene: Scene, rng: random.Random) -> Asked:
    texture = rng.choice(("striped", "dotted", "big", "small"))
    count = sum(t.is_shape and texture in (t.texture, t.size) for t in scene.things)
    text = _word(
        rng,
        "How many {texture} things are there?",
        "Count the things that are {texture}.",
        "What is the number of {texture} things?",
        texture=texture,
    )
    return text, str(count)


FAMILIES: dict[tuple[str, ...], tuple[tuple[Family, float], ...]] = {
    ("spatial",): ((_ask_neighbour, 3), (_ask_relation, 3), (_ask_quadrant, 2), (_ask_further, 2), (_ask_corner, 2)),
    ("quantity",): ((_ask_count, 5), (_ask_more, 2), (_ask_at_least, 2), (_ask_sum, 2)),
    ("physical",): (
        (_ask_colour, 2),
        (_ask_texture, 2),
        (_ask_size, 2),
        (_ask_heavier, 2),
        (_ask_topple, 1.5),
        (_ask_fall_side, 1),
        (_ask_roll_side, 1.5),
        (_ask_rolls, 2),
    ),
    ("social",): (
        (_ask_mood, 3),
        (_ask_gaze, 3),
        (_ask_waving, 2),
        (_ask_seen, 2),
        (_ask_which_person, 2),
        (_ask_anyone, 1),
    ),
    ("quantity", "social"): ((_ask_count_feeling, 1),),
    ("quantity", "spatial"): ((_ask_count_beside, 1),),
    ("quantity", "physical"): ((_ask_count_texture, 1),),
    ("spatial", "physical"): ((_ask_neighbour_colour, 1),),
    ("spatial", "social"): ((_ask_neighbour_mood, 1),),
}
ONE_TYPE = tuple(kinds for kinds in FAMILIES if len(kinds) == 1)
TWO_TYPES = tuple(kinds for kinds in FAMILIES if len(kinds) == 2)
