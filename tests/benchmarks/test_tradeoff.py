import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from molora.benchmarks.cli import app
from molora.benchmarks.results import Figure, Result, read_result, write_result
from molora.benchmarks.tradeoff import combine, find_speeds, unbeaten
from molora.benchmarks.tradeoff_report import make_result as make_tradeoff
from molora.errors import ConfigError
from tests.benchmarks.made_results import MACHINE, make_figure, make_result

SPEEDS = {"base": 40.0, "manual": 33.0, "top1": 32.0, "soft": 31.0, "vllm": 20.0, "vllm-base": 38.0, "twice": 16.0}
RIGHT = {
    "base": (0.40, 0.30),
    "oracle": (0.93, 0.50),
    "top1": (0.92, 0.52),
    "soft": (0.80, 0.60),
    "spatial": (0.5, 0.4),
}


def load(**changes) -> Result:
    figures = [
        *(make_figure(name, "questions/s", 8, 1, group="3 clients", better="higher") for name in SPEEDS),
        *(make_figure(name, "questions/s", v, 1, group="32 clients", better="higher") for name, v in SPEEDS.items()),
        make_figure("top1", "TTFT p50", 90, group="32 clients", unit="ms"),
        make_figure("top1", "questions/s", 9, group="132 clients"),
    ]
    return make_result("load", figures=tuple(figures), **changes)


def quality(**changes) -> Result:
    figures = [
        make_figure(name, column, value, 0.01, group=group, better="higher")
        for name, values in RIGHT.items()
        for column, value in zip(("all", "two types", "spatial"), (*values, 0.9), strict=True)
        for group in ("exact match", "text metrics")
    ]
    return make_result("quality", figures=tuple(figures), **changes)


def told(result: Result, row: str) -> dict[str, Figure]:
    return {figure.column: figure for figure in result.figures if figure.row == row}


def test_modes_have_their_own_accuracy_or_that_of_who_answers_for_them():
    modes = {mode.name: mode for mode in combine(load(), quality(), 32)}
    assert {name: mode.answers_as for name, mode in modes.items()} == {
        "base": "base",
        "manual": "oracle",
        "top1": "top1",
        "soft": "soft",
        "vllm": "oracle",
        "vllm-base": "base",
    }
    assert modes["vllm"].speed.value == 20
    assert modes["vllm"].accuracies["all"].value == 0.93


def test_throughput_is_that_of_as_many_clients():
    assert {figure.value for figure in find_speeds(load(), 3).values()} == {8}
    assert set(find_speeds(load(), 132)) == {"top1"}
    with pytest.raises(ConfigError, match="no questions/s of 2 clients: there are 3 clients, 32 clients, 132 clients"):
        find_speeds(load(), 2)


def test_results_with_no_mode_in_common_are_refused():
    with pytest.raises(ConfigError, match=r"no mode has both .*top1.* and an accuracy \(none\)"):
        combine(load(), make_result("quality"), 32)


def test_a_mode_is_on_the_front_if_none_beats_it_beyond_noise():
    modes = combine(load(), quality(), 32)
    assert unbeaten(modes, "all") == ["base", "manual", "top1"]
    assert unbeaten(modes, "two types") == ["base", "soft"]


def test_figures_and_plots_have_both_intervals():
    result = make_tradeoff(load(), quality(), combine(load(), quality(), 32), 32)
    figures = told(result, "manual")
    assert list(figures) == [
        "questions/s",
        "exact match, questions of one type",
        "exact match, questions of two types",
    ]
    assert (figures["questions/s"].low, figures["questions/s"].high) == (32, 34)
    one, two = result.plots
    (point,) = next(line for line in one.lines if line.name == "manual").points
    assert (point.x, point.x_low, point.x_high) == (33, 32, 34)
    assert (point.y, point.y_low, point.y_high) == pytest.approx((0.93, 0.92, 0.94))
    assert [len(plot.lines) for plot in (one, two)] == [6, 6]


def test_what_was_assumed_left_out_or_measured_elsewhere_is_said():
    elsewhere = quality(machine=MACHINE.model_copy(update={"processor": "Other"}), settings={"config": "b.yaml"})
    here = load(settings={"config": "a.yaml"})
    notes = "\n".join(make_tradeoff(here, elsewhere, combine(here, elsewhere, 32), 32).notes)
    for words in (
        "vllm is shown with the accuracy of oracle",
        "twice",
        "another machine",
        "a.yaml, accuracy with b.yaml",
    ):
        assert words in notes


def test_questions_of_two_types_may_be_missing():
    only = quality()
    only = only.model_copy(update={"figures": tuple(f for f in only.figures if f.column != "two types")})
    assert len(make_tradeoff(load(), only, combine(load(), only, 32), 32).plots) == 1


def test_the_command_writes_the_result_and_its_plots(tmp_path: Path):
    write_result(load(), tmp_path / "load.json")
    write_result(quality(), tmp_path / "quality.json")
    names = [str(tmp_path / f"{name}.json") for name in ("load", "quality", "tradeoff")]
    done = CliRunner().invoke(app, ["tradeoff", *names[:2], "--output", names[2]])
    assert done.exit_code == 0
    assert read_result(Path(names[2])).benchmark == "tradeoff"
    plots = json.loads(done.stdout.splitlines()[-1])["plots"]
    assert [Path(path).name for path in plots] == ["tradeoff.svg", "tradeoff2.svg"]
    assert all("</svg>" in Path(path).read_text() for path in plots)
