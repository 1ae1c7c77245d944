from collections import Counter, defaultdict
from dataclasses import replace
from itertools import pairwise

import pytest

from molora.benchmarks.load.plan import Ask, Plan, Slot, draw_asks, plan_slots
from molora.benchmarks.load.popularity import Popularity
from molora.benchmarks.load.timing import Load
from molora.benchmarks.questions import KINDS

ONE, MANY, ARRIVING = Load(concurrency=1), Load(concurrency=32), Load(rate=8)
ASKS_AS = {"top1": "top1", "manual": "top1", "top2": "top2"}


def make_plan(popularity: Popularity = Popularity.UNIFORM, experts: tuple[str, ...] = KINDS) -> Plan:
    return Plan(experts, popularity, [ONE, MANY, ARRIVING], 6, 16)


def texts(asks: list[Ask]) -> list[str]:
    return [ask.example.question.text for ask in asks]


def test_every_arm_takes_its_turn_under_every_load_in_orders_that_differ() -> None:
    slots = list(plan_slots(make_plan(), ASKS_AS))
    assert Counter((slot.round, slot.load.name) for slot in slots if slot.round) == {
        (number, load.name): 3 for number in range(1, 7) for load in (ONE, MANY, ARRIVING)
    }
    assert {slot.load for slot in slots if slot.round == 0} == {ARRIVING}
    orders = {tuple(slot.arm for slot in slots[start : start + 3]) for start in range(0, len(slots), 3)}
    assert len(orders) > 3


def test_paired_arms_ask_the_same_about_pictures_of_their_own() -> None:
    slots = [Slot(arm, MANY, 1, asks_as) for arm, asks_as in ASKS_AS.items()]
    one, paired, other = [draw_asks(make_plan(), slot) for slot in slots]
    assert texts(one) == texts(paired) != texts(other)
    assert [ask.expert for ask in one] == [ask.expert for ask in paired]
    assert [ask.example.scene.things for ask in one] == [ask.example.scene.things for ask in paired]
    pictures = [ask.example.scene.render().tobytes() for ask in (*one, *paired, *other)]
    assert len(set(pictures)) == len(pictures)
    assert draw_asks(make_plan(), slots[0]) == one


def test_rounds_and_loads_ask_anew() -> None:
    slots = [Slot("top1", load, number, "top1") for load in (ONE, MANY) for number in (1, 2)]
    scenes = [ask.example.scene for slot in slots for ask in draw_asks(make_plan(), slot)]
    assert len(set(scenes)) == len(scenes)


def test_questions_about_one_picture_are_far_from_each_other() -> None:
    plan = replace(make_plan(), per_picture=4)
    slots = [Slot(arm, MANY, 1, "top1") for arm in ("top1", "manual")]
    scenes = [[ask.example.scene for ask in draw_asks(plan, slot)] for slot in slots]
    assert all(len(set(one)) < len(one) / 2 for one in scenes)
    assert not set(scenes[0]) & set(scenes[1])
    places = defaultdict(list)
    for place, scene in enumerate(scenes[0]):
        places[scene].append(place)
    assert all(len(one) <= 4 for one in places.values())
    assert min(b - a for one in places.values() for a, b in pairwise(one)) >= 63


@pytest.mark.parametrize(("load", "num"), [(ONE, 16), (MANY, 256), (ARRIVING, 40), (Load(rate=0.5), 16)])
def test_a_turn_lasts_long_enough(load: Load, num: int) -> None:
    assert len(draw_asks(make_plan(), Slot("top1", load, 1, "top1"))) == num


@pytest.mark.parametrize(
    ("popularity", "shares"),
    [("uniform", [0.25] * 4), ("zipf", [0.48, 0.24, 0.16, 0.12]), ("one", [1.0, 0.0, 0.0, 0.0])],
)
def test_experts_are_asked_for_by_their_popularity(popularity: str, shares: list[float]) -> None:
    plan = make_plan(Popularity(popularity))
    asks = [ask for number in range(1, 9) for ask in draw_asks(plan, Slot("top1", MANY, number, "top1"))]
    counts = Counter(ask.expert for ask in asks)
    assert [counts[expert] / len(asks) for expert in KINDS] == pytest.approx(shares, abs=0.04)
    assert all(ask.example.question.kinds == (ask.expert,) for ask in asks)


def test_experts_of_other_names_are_asked_questions_of_the_types_in_turn() -> None:
    plan = make_plan(experts=tuple(f"expert-{number}" for number in range(6)))
    asks = draw_asks(plan, Slot("top1", MANY, 1, "top1"))
    assert {ask.example.question.kinds[0] for ask in asks if ask.expert in ("expert-1", "expert-5")} == {KINDS[1]}
