import io
import json
import math
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner

from molora.benchmarks.cli import app
from molora.benchmarks.compare import Change, Circumstance, Key, Verdict, compare
from molora.benchmarks.compare_report import conclude, print_comparison
from molora.benchmarks.results import Figure, Result, write_result
from molora.errors import ConfigError
from tests.benchmarks.made_results import MACHINE, make_figure, make_result


def change(a: Figure, b: Figure) -> Change:
    return Change(Key("load", "speed", "top1", "x"), a, b)


def of(value: float, spread: float | None = 1.0, better: str = "higher") -> Figure:
    return make_figure("top1", "x", value, spread, better=better)


def test_half_widths_add_up_by_their_squares():
    found = change(of(10, 3), of(12, 4))
    assert found.interval == pytest.approx((2 - 5, 2 + 5))
    assert found.verdict is Verdict.WITHIN
    assert found.ratio == pytest.approx(1.2)


def test_ends_that_are_not_alike_count_where_they_point():
    a = Figure(group="g", row="r", column="c", value=10, low=9, high=13)
    b = Figure(group="g", row="r", column="c", value=20, low=16, high=21)
    assert change(a, b).interval == pytest.approx((10 - math.hypot(4, 3), 10 + math.hypot(1, 1)))


def test_the_interval_of_a_difference_covers_it_19_times_of_20():
    rng = np.random.default_rng(0)
    draws = rng.normal([10.0, 11.0], [0.4, 0.3], size=(4000, 2))
    found = [change(of(a, 1.96 * 0.4), of(b, 1.96 * 0.3)).interval or (0, 0) for a, b in draws.tolist()]
    assert sum(low <= 1 <= high for low, high in found) / len(found) == pytest.approx(0.95, abs=0.012)


@pytest.mark.parametrize(
    ("a", "b", "verdict"),
    [
        (of(10), of(13), Verdict.BETTER),
        (of(13), of(10), Verdict.WORSE),
        (of(10, better="lower"), of(13, better="lower"), Verdict.WORSE),
        (of(13, better="lower"), of(10, better="lower"), Verdict.BETTER),
        (of(10, better="neither"), of(13, better="neither"), Verdict.CHANGED),
        (of(10), of(11), Verdict.WITHIN),
        (of(10, None), of(13), Verdict.UNKNOWN),
        (of(10), of(13, None), Verdict.UNKNOWN),
        (of(10, 0), of(10, 0), Verdict.WITHIN),
    ],
)
def test_what_is_better_and_beyond_noise(a: Figure, b: Figure, verdict: Verdict):
    assert change(a, b).verdict is verdict


def test_a_ratio_of_what_is_not_positive_is_none():
    assert change(of(0), of(1)).ratio is None
    assert change(of(-2), of(1)).ratio is None


def runs() -> tuple[list[Result], list[Result]]:
    few, many = ({"rounds": 4, "engine": {"slots": slots}} for slots in (2, 8))
    machine = MACHINE.model_copy(update={"packages": {"molora": "1", "vllm": "3"}})
    a = make_result(figures=(of(10), make_figure("gone", "x", 1)), settings=few)
    b = make_result(figures=(of(13), make_figure("new", "x", 1)), settings=many, machine=machine)
    return [a], [b]


def test_figures_are_matched_by_where_they_stand():
    found = compare(*runs())
    assert [one.key for one in found.changes] == [Key("load", "speed", "top1", "x")]
    assert found.only_a == (Key("load", "speed", "gone", "x"),)
    assert found.only_b == (Key("load", "speed", "new", "x"),)


def test_figures_of_other_benchmarks_are_not_matched():
    found = compare([make_result("load", figures=(of(1),))], [make_result("quality", figures=(of(1),))])
    assert (found.changes, len(found.only_a), len(found.only_b)) == ((), 1, 1)


def test_machines_versions_and_settings_that_differ_are_named():
    assert compare(*runs()).circumstances == (
        Circumstance("load", "settings.engine.slots", "2", "8"),
        Circumstance("load", "machine.packages.vllm", "2", "3"),
    )


def test_a_figure_that_is_there_twice_is_refused():
    with pytest.raises(ConfigError, match="two figures of load, speed, top1, x"):
        compare([make_result(figures=(of(1),)), make_result(figures=(of(2),))], [])


def test_all_of_it_is_printed():
    console = Console(record=True, width=200, file=io.StringIO())
    print_comparison(console, compare(*runs()))
    text = console.export_text()
    told = ["1.300", "3.0 (1.6 to 4.4)", "better", "gone", "new", "settings.engine.slots", "1 figures: 1 better"]
    assert [one for one in told if one not in text] == []


def test_what_chance_alone_would_do_is_said():
    figures = tuple(make_figure(f"r{number}", "x", 1, 0.1) for number in range(60))
    result = make_result(figures=figures)
    assert "of 60 with intervals about 3 would" in conclude(compare([result], [result]))


@pytest.mark.parametrize(
    ("order", "flags", "code"),
    [((0, 1), ["--fail-on-worse"], 0), ((1, 0), [], 0), ((1, 0), ["--fail-on-worse"], 1)],
)
def test_only_what_is_worse_fails_and_only_if_wanted(
    tmp_path: Path, order: tuple[int, int], flags: list[str], code: int
):
    paths = [tmp_path / "a", tmp_path / "b.json"]
    results = runs()
    write_result(results[order[0]][0], paths[0] / "load.json")
    write_result(results[order[1]][0], paths[1])
    told = CliRunner().invoke(app, ["compare", *map(str, paths), *flags])
    assert told.exit_code == code
    last = json.loads(told.stdout.splitlines()[-1])
    assert last["verdicts"]["better" if order == (0, 1) else "worse"] == 1
    assert last["changes"][0]["interval"] is not None
