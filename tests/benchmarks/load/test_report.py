from dataclasses import replace
from pathlib import Path

import pytest

from molora.benchmarks.load.arms import pick_arms
from molora.benchmarks.load.counters import PrefixCache
from molora.benchmarks.load.measure import Measured
from molora.benchmarks.load.plan import Plan
from molora.benchmarks.load.popularity import Popularity
from molora.benchmarks.load.report import Setup, make_result, summarise
from molora.benchmarks.load.summary import Slo
from molora.benchmarks.load.timing import Load, Timing
from molora.benchmarks.results import Figure, Result
from tests.benchmarks.load.records import TWO, timings

ONE, ARRIVING = Load(concurrency=1), Load(rate=4)
LOADS = (ONE, TWO, ARRIVING)
PLAN = Plan(("spatial", "social"), Popularity.UNIFORM, LOADS, 2, 3)
SECONDS = {"top1": 1.0, "manual": 0.8, "vllm": 2.0}
"""Of a question in round 1; in round 2 the machine is half as fast, and Molora's router takes its time."""


def routed(one: Timing) -> Timing:
    """Manual answers have a decision too, that took no time."""
    return replace(one, router_ms={"top1": 100.0, "manual": 0.01}.get(one.arm))


def made() -> Result:
    rows = [
        routed(timing)
        for arm, took in SECONDS.items()
        for load in LOADS
        for timing in timings(arm, {1: took, 2: 2 * took + 0.2 * (arm == "top1")}, load)
    ]
    caches = {"vllm": PrefixCache(), "manual": PrefixCache(4, 1), "top1": PrefixCache(200, 50)}
    measured = Measured(rows, caches, share_known=0.125)
    setup = Setup(Path("configs/demo.yaml"), PLAN, pick_arms(list(SECONDS)), Slo(600, 1000))
    return make_result(setup, measured, {"molora": 3 * 2**20, "vllm": 2**20})


RESULT = made()


def figure(group: str, row: str, column: str) -> Figure:
    [found] = [one for one in RESULT.figures if (one.group, one.row, one.column) == (group, row, column)]
    return found


def test_every_figure_has_a_place_of_its_own():
    places = [(one.group, one.row, one.column) for one in RESULT.figures]
    assert len(set(places)) == len(places)


def test_throughput_is_the_median_of_rounds_and_times_are_of_all_questions():
    rate = figure("2 clients", "vllm", "questions/s")
    assert (rate.value, rate.low, rate.high) == (1.5, 1.0, 2.0)
    assert figure("2 clients", "vllm", "tokens/s").value == pytest.approx(4.5)
    assert figure("2 clients, E2E", "vllm", "p50").value == pytest.approx(3000)
    assert figure("2 clients, TTFT", "vllm", "p99").value == pytest.approx(2000)
    assert figure("2 clients, TPOT", "vllm", "p50").value == pytest.approx(750)


def test_goodput_counts_answers_that_keep_to_both_bounds():
    assert figure("2 clients", "top1", "goodput, questions/s").value == pytest.approx((4 / 1.0 + 0) / 2)
    assert figure("2 clients", "vllm", "goodput, questions/s").value == 0


def test_ratios_are_within_rounds_and_of_arms_that_ran():
    ratio = figure("ratios of questions/s", "top1 / vllm", "2 clients")
    assert ratio.value == pytest.approx((2 + 4 / 2.2) / 2)
    assert [ratio.low, ratio.high] == pytest.approx([4 / 2.2, 2])
    told = {(one.row, one.column) for one in RESULT.figures if one.group.startswith("ratios")}
    assert told == {(row, load) for row in ("top1 / vllm", "top1 / manual") for load in ("1 client", "2 clients")}


def test_added_ttft_is_of_each_question_of_one_client():
    added = figure("added TTFT", "top1 - manual", "1 client")
    assert added.value == pytest.approx((100 + 300) / 2)
    assert [one.column for one in RESULT.figures if one.group == "added TTFT"] == ["1 client"] * 2


def test_shares_are_the_routers_the_experts_and_the_caches():
    assert figure("router", "top1, 2 clients", "p50").value == pytest.approx(100)
    assert figure("router", "top1, 2 clients", "share").value == pytest.approx(100 * (0.1 / 1 + 0.1 / 2.2) / 2)
    assert {one.row for one in RESULT.figures if one.group == "router"} == {f"top1, {load.name}" for load in LOADS}
    assert figure("experts, 2 clients", "vllm: social", "share").value == 100
    assert figure("prefix cache", "top1", "hits").value == 25
    assert figure("prefix cache", "vllm", "hits").value == 0
    assert figure("memory", "molora", "engine").value == 3


def test_plots_are_of_loads_that_make_a_curve():
    assert [plot.title for plot in RESULT.plots] == ["Throughput", "Time to first token"]
    [line] = [line for line in RESULT.plots[0].lines if line.name == "vllm"]
    assert [(point.x, point.y, point.y_low, point.y_high) for point in line.points] == [(1, 1.5, 1, 2), (2, 1.5, 1, 2)]


def test_the_reader_is_told_what_the_arms_are_and_what_the_router_knew():
    assert "manual: the client names the expert (server: molora)." in RESULT.notes
    assert any("12%" in note for note in RESULT.notes)


def test_the_last_line_has_the_ratios():
    line = summarise(RESULT)
    assert line["figures"]["top1 / vllm, 2 clients"]["value"] == pytest.approx(1.909, abs=0.001)
    assert line["popularity"] == "uniform"
