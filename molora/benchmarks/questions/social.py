"""What people feel, do and look at."""

from __future__ import annotations

import random

from molora.benchmarks.questions.asking import Asked, Families, ask_about, word, yes
from molora.benchmarks.questions.naming import pick, pick_two
from molora.benchmarks.scenes import MOODS, Scene, Thing

FEELINGS = (*MOODS, "waving")


def is_person(thing: Thing) -> bool:
    return thing.kind == "person"


def has_feeling(thing: Thing, feeling: str) -> bool:
    return is_person(thing) and (thing.waving if feeling == "waving" else thing.mood == feeling)


def seen_by(scene: Scene, person: Thing) -> Thing | None:
    """The nearest thing in the row a person looks along."""
    row = [t for t in scene.things if t.row == person.row and t is not person]
    if person.side == "left":
        return max((t for t in row if t.column < person.column), key=lambda t: t.column, default=None)
    return min((t for t in row if t.column > person.column), key=lambda t: t.column, default=None)


def _ask_mood(scene: Scene, rng: random.Random) -> Asked:
    return ask_about(
        scene,
        rng,
        is_person,
        lambda t: t.mood,
        "How does the {name} feel?",
        "What mood is the {name} in?",
        "Is the {name} happy, sad or surprised?",
        "What emotion does the face of the {name} show?",
    )


def _ask_gaze(scene: Scene, rng: random.Random) -> Asked:
    return ask_about(
        scene,
        rng,
        is_person,
        lambda t: t.side,
        "Which way is the {name} looking?",
        "In which direction does the {name} look?",
        "Where are the eyes of the {name} turned?",
        "Where does the {name} direct their gaze?",
    )


def _ask_waving(scene: Scene, rng: random.Random) -> Asked:
    return ask_about(
        scene,
        rng,
        is_person,
        lambda t: yes(t.waving),
        "Is the {name} waving?",
        "Does the {name} greet us with a raised hand?",
        "Is the {name} saying hello with a hand?",
        "Has the {name} raised a hand in greeting?",
    )


def _ask_seen(scene: Scene, rng: random.Random) -> Asked:
    picked = pick(scene, rng, lambda t: is_person(t) and t.side != "ahead")
    if picked is None:
        return None
    seen = seen_by(scene, picked[0])
    if seen is None and rng.random() < 0.6:
        return None
    text = word(
        rng,
        "What is the {name} looking at?",
        "At what does the {name} gaze?",
        "What has caught the eye of the {name}?",
        name=picked[1],
    )
    return text, seen.kind if seen else "nothing"


def _ask_which_person(scene: Scene, rng: random.Random) -> Asked:
    pair = pick_two(scene, rng, lambda a, b: is_person(a) and is_person(b) and a.mood != b.mood)
    if pair is None:
        return None
    people = [pair[0][0].colour, pair[1][0].colour]
    rng.shuffle(people)
    text = word(
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
    feeling, truth = rng.choice(FEELINGS), rng.random() < 0.5
    if any(has_feeling(t, feeling) for t in scene.things) != truth:
        return None
    text = word(
        rng,
        "Is anyone {feeling}?",
        "Is there anybody who is {feeling}?",
        "Do you see somebody who is {feeling} in the {picture}?",
        feeling=feeling,
    )
    return text, yes(truth)


SOCIAL: Families = (
    (_ask_mood, 3),
    (_ask_gaze, 3),
    (_ask_waving, 2),
    (_ask_seen, 2),
    (_ask_which_person, 2),
    (_ask_anyone, 1),
)
