import pytest
from rich.console import Console

from molora.benchmarks.metrics import Timing
from molora.benchmarks.mixing import (
    HARD,
    STOCK,
    TOP2,
    Memory,
    choose_hard,
    choose_mixture,
    compare_arms,
    make_targets,
    plan_turns,
    print_table,
    summarise,
)
from molora.benchmarks.questions import KINDS, ONE_TYPE, make_examples

TARGETS = make_targets("ours", "theirs", KINDS)


def test_every_arm_takes_every_turn_with_questions_of_its_own() -> None:
    turns = list(plan_turns(TARGETS, 4, 2, 8))
    assert len(turns) == 25
    assert {plan.number for _, plan in turns} == {0, 1, 2, 3, 4}
    orders = [tuple(target.name for target, _ in turns[start : start + 5]) for start in range(0, 25, 5)]
    assert all(len(set(order)) == 5 for order in orders)
    assert len(set(orders)) == 5, "each round has an order of its own"
    scenes = [example.scene for _, plan in turns for example in plan.examples]
    assert len(set(scenes)) == len(scenes)


def test_mixtures_are_of_the_right_size_sum_to_one_and_differ() -> None:
    chosen = [choose_mixture(example, KINDS, 3) for example in make_examples(5, 20, ONE_TYPE)]
    gates = [one["routing"]["gates"] for one in chosen]
    assert all(len(one) == 3 for one in gates)
    assert [sum(one.values()) for one in gates] == pytest.approx([1] * 20)
    assert len({tuple(one.items()) for one in gates}) == 20


def test_only_the_last_arm_is_plain_vllms() -> None:
    assert [(target.name, target.url) for target in TARGETS][-2:] == [("soft", "ours"), (STOCK, "theirs")]
    example = next(make_examples(5, 1, [("social",)]))
    hard = choose_hard(example, KINDS)["model"]
    assert hard in KINDS
    assert {target.name: target.choose(example).get("model") for target in TARGETS} == {
        "base": "base",
        "hard": hard,
        "top2": "auto",
        "soft": "auto",
        "vllm": hard,
    }


def test_ratios_are_within_rounds(capsys: pytest.CaptureFixture[str]) -> None:
    """Every arm sends two requests a round; in round 2 the whole machine is half as fast."""
    seconds = {"base": 1.0, "hard": 1.25, "top2": 1.25, "soft": 1.25, "vllm": 2.5}
    timings = [
        Timing(name, 1, number, index, 0.0, 0.1, number * seconds[name], 8, "")
        for name in seconds
        for number in (1, 2)
        for index in (0, 1)
    ]
    ratios = {(one.ours, one.theirs): one for one in compare_arms(timings)}
    assert ratios[HARD, STOCK].by_round == (2.0, 2.0)
    assert ratios[TOP2, HARD].median == 1.0
    assert ratios[HARD, "base"].median == pytest.approx(0.8)
    memory = Memory(ours=3 * 2**30, theirs=4 * 2**30)
    print_table(Console(width=100), list(ratios.values()), memory)
    printed = capsys.readouterr().out
    assert "hard / vllm" in printed
    assert "3072 MiB, plain vLLM 4096 MiB, ratio 0.750" in printed
    assert summarise(list(ratios.values()), memory, timings, 8)["requests_per_s"]["vllm"] == pytest.approx(
        (2 / 2.5 + 1 / 2.5) / 2
    )
