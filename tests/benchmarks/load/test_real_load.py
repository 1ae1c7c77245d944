"""Two arms at the real server."""

import pytest
from rich.console import Console

from molora.benchmarks.load.arms import pick_arms
from molora.benchmarks.load.measure import measure
from molora.benchmarks.load.plan import Plan
from molora.benchmarks.load.popularity import Popularity
from molora.benchmarks.load.timing import Load
from molora.benchmarks.questions import KINDS

pytestmark = pytest.mark.engine


async def test_a_routed_question_and_one_asked_twice_are_answered_in_full(server_url: str) -> None:
    plan = Plan(KINDS, Popularity.ZIPF, [Load(concurrency=4)], 1, 5)
    measured = await measure(plan, pick_arms(["top1", "twice"]), {"molora": server_url}, Console(quiet=True))
    assert len(measured.timings) == 2 * 32
    assert {timing.num_tokens for timing in measured.timings} == {5}
    assert {timing.expert for timing in measured.timings} <= set(KINDS)
    routed = [timing for timing in measured.timings if timing.arm == "top1"]
    assert all(timing.router_ms and 0 < timing.router_ms < 1e3 * timing.ttft_s for timing in routed)
    assert all(timing.first_token_s < timing.end_s for timing in routed)
    twice, once = measured.prefix_caches["twice"], measured.prefix_caches["top1"]
    assert 1.5 < twice.asked / once.asked < 2.5, "a question asked twice is two prompts"
