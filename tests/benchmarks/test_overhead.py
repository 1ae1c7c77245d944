import pytest
from rich.console import Console

from molora.benchmarks.metrics import Timing
from molora.benchmarks.overhead import OURS, THEIRS, compare_all, plan_rounds, print_table, summarise


def test_the_first_round_warms_up_and_no_round_asks_what_another_did() -> None:
    plans = list(plan_rounds(2, [1, 2], 16))
    assert [(p.number, p.concurrency) for p in plans] == [(0, 1), (0, 2), (1, 1), (1, 2), (2, 1), (2, 2)]
    scenes = [example.scene for plan in plans for example in plan.examples]
    assert len(set(scenes)) == len(scenes)


def test_each_concurrency_is_compared_on_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    timings = [
        Timing(name, concurrency, 1, 0, 0.0, 0.1, 1.0 * concurrency if name == OURS else 1.0, 16, "spatial")
        for name in (OURS, THEIRS)
        for concurrency in (8, 1)
    ]
    print_table(Console(width=120), compare_all(timings))
    assert "0.125" in capsys.readouterr().out
    summary = summarise(compare_all(timings), 16)
    assert [(row["concurrency"], row["ratio"]) for row in summary["concurrency"]] == [(1, 1.0), (8, 0.125)]
