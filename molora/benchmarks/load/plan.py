"""What is asked, by how many and in which order: turns of all arms in each round, with new pictures in every turn."""

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from molora.benchmarks.load.popularity import Popularity
from molora.benchmarks.load.timing import Load
from molora.benchmarks.questions import KINDS, Example, make_examples

SEED = 77_000_000
PER_CLIENT = 8
"""Questions a turn, of a closed loop."""
MIN_QUESTIONS = 16
POISSON_S = 5.0
"""Seconds in which a turn's questions arrive."""


@dataclass(frozen=True)
class Ask:
    """`expert` is the one that a client who knows would name, `gates` what the router says, where it was asked."""

    example: Example
    expert: str
    gates: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Slot:
    """One arm's turn to come; `asks_as` is the arm whose questions it asks, about pictures of its own."""

    arm: str
    load: Load
    round: int
    asks_as: str


@dataclass(frozen=True)
class Plan:
    """Round 0 warms up and is not counted. `per_picture` questions are about one picture, far from each other."""

    experts: Sequence[str]
    popularity: Popularity
    loads: Sequence[Load]
    num_rounds: int
    num_tokens: int
    per_picture: int = 1


def plan_slots(plan: Plan, asks_as: Mapping[str, str]) -> Iterator[Slot]:
    """`asks_as` has every arm. Each round has an order of its own: the arm that had the turn before leaves its mark. Of
    round 0 there is the last load alone."""
    for number in range(plan.num_rounds + 1):
        for load in plan.loads if number else plan.loads[-1:]:
            order = random.Random(f"{SEED} {number} {load.name}").sample(list(asks_as), len(asks_as))
            yield from (Slot(arm, load, number, asks_as[arm]) for arm in order)


def draw_asks(plan: Plan, slot: Slot) -> list[Ask]:
    """The same for the same slot. An expert that is called by a reasoning type is asked questions of it, and another
    one questions of the types in turn."""
    seed = f"{SEED} {slot.asks_as} {slot.round} {slot.load.name}"
    rng = random.Random(seed)
    num = num_questions(slot.load)
    places = rng.choices(range(len(plan.experts)), plan.popularity.weights(len(plan.experts)), k=num)
    names = [plan.experts[place] for place in places]
    kinds = [(name if name in KINDS else KINDS[place % len(KINDS)],) for name, place in zip(names, places, strict=True)]
    examples = make_examples(rng.getrandbits(48), num, kinds, plan.per_picture)
    salt = f"{seed} {slot.arm}"
    asks = [Ask(_redrawn(example, salt), name) for example, name in zip(examples, names, strict=True)]
    return [ask for place in range(plan.per_picture) for ask in asks[place :: plan.per_picture]]


def num_questions(load: Load) -> int:
    wanted = PER_CLIENT * load.concurrency if load.concurrency else math.ceil(POISSON_S * (load.rate or 0))
    return max(MIN_QUESTIONS, wanted)


def _redrawn(example: Example, salt: str) -> Example:
    """The same scene in another picture, which is the same for the same scene."""
    scene = example.scene
    return replace(example, scene=replace(scene, seed=random.Random(f"{salt} {scene.seed}").getrandbits(48)))
