import re

import pytest
from rich.console import Console

from molora.benchmarks.load.arms import pick_arms
from molora.benchmarks.load.gates import ask_gates
from molora.benchmarks.load.measure import measure
from molora.benchmarks.load.plan import Plan, Slot, draw_asks
from molora.benchmarks.load.popularity import Popularity
from molora.benchmarks.load.timing import Load
from molora.benchmarks.questions import KINDS
from molora.errors import Unavailable
from tests.benchmarks.load.serving import answering

PLAN = Plan(KINDS, Popularity.UNIFORM, [Load(concurrency=2)], 2, 2)


async def test_every_arm_is_measured_in_every_round_but_the_one_that_warms_up() -> None:
    arms = pick_arms(["top1", "twice", "vllm"])
    async with answering() as (molora, url), answering() as (vllm, other):
        measured = await measure(PLAN, arms, {"molora": url, "vllm": other}, Console(quiet=True))
    assert len(measured.timings) == 3 * 2 * 16
    assert {(t.arm, t.round) for t in measured.timings} == {(arm, n) for arm in arms for n in (1, 2)}
    assert {t.expert for t in measured.timings if t.arm == "twice"} == {"spatial"}
    assert len(molora.bodies) == 3 * (16 + 32), "a question of the arm twice is two requests"
    assert len(vllm.bodies) == 3 * 16
    cache = measured.prefix_caches["vllm"]
    assert (cache.asked, cache.hit_rate) == (10 * 2 * 16, 0.4)
    assert 0 <= measured.share_known < 0.5


async def test_gates_are_asked_in_order_of_the_questions() -> None:
    asks = draw_asks(PLAN, Slot("twice", Load(concurrency=8), 1, "twice"))
    async with answering() as (_, url):
        told = await ask_gates(url, asks, KINDS)
    assert [ask.example for ask in told] == [ask.example for ask in asks]
    assert all(ask.gates == {"spatial": 0.75, "quantity": 0.25} for ask in told)


async def test_a_router_that_refuses_is_quoted() -> None:
    asks = draw_asks(PLAN, Slot("twice", Load(concurrency=1), 1, "twice"))
    async with answering() as (_, url):
        with pytest.raises(Unavailable, match=re.escape('400: {"error": {"message": "unknown expert"}}')):
            await ask_gates(url, asks, ["nobody"])
