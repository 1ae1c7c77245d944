import json
import re

import pytest
from rich.console import Console

from molora.benchmarks.quality.figures import exact_match
from molora.benchmarks.quality.summary import make_result, print_tables, summarise, tell_gains
from molora.benchmarks.results import Figure
from molora.benchmarks.tradeoff import find_accuracies
from tests.benchmarks.quality.rows import make_answer

GAIN = "exact match, less top1's"


def make_figure(row: str, column: str, value: float, half: float | None = 0.1, group: str = GAIN) -> Figure:
    ends = {} if half is None else {"low": value - half, "high": value + half}
    return Figure.model_validate({"group": group, "row": row, "column": column, "value": value, **ends})


@pytest.mark.parametrize(
    ("value", "half", "told"),
    [
        (0.2, 0.1, r"top2 over top1 on questions of two types: \+0.200 \(\+0.100 to \+0.300\), a gain"),
        (-0.2, 0.1, r"-0.200 .*, a loss"),
        (0.05, 0.1, "no measured difference"),
        (0.05, None, r"\+0.050, measured too little to say"),
    ],
)
def test_a_gain_is_called_one_only_beyond_its_interval(value: float, half: float | None, told: str) -> None:
    (line,) = tell_gains([make_figure("top2", "two types", value, half)])
    assert re.search(told, line)


def test_of_gains_only_those_on_two_types_by_router_are_told() -> None:
    others = [("uniform", "two types"), ("top2", "all"), ("soft", "spatial")]
    assert list(tell_gains([make_figure(row, column, 0.5) for row, column in others])) == []


def test_every_figure_is_in_its_table_with_its_interval(capsys: pytest.CaptureFixture[str]) -> None:
    figures = [make_figure("base", "all", 0.625, group="exact match"), make_figure("top2", "all", 0.5, None)]
    print_tables(Console(width=120), figures)
    printed = capsys.readouterr().out
    assert "exact match" in printed
    assert "less top1's" in printed
    assert "0.625" in printed
    assert "±0.100" in printed
    assert printed.count("±") == 1


@pytest.mark.parametrize(("data", "benchmark"), [("demo", "quality"), ("daquar", "quality-daquar")])
def test_a_result_is_named_by_its_data(data: str, benchmark: str) -> None:
    result = make_result(data, [make_figure("top2", "two types", 0.5)], ["a note"], {"data": data}, 7)
    assert (result.benchmark, result.seed, result.settings) == (benchmark, 7, {"data": data})
    assert any("a gain" in note for note in result.notes)
    assert result.notes[-1] == "a note"
    told = summarise(result)
    assert told["figures"] == {GAIN: {"top2": {"two types": 0.5}}}
    json.dumps(told)


def test_the_trade_off_finds_the_accuracies_of_a_result() -> None:
    kinds = ("spatial", "spatial+social")
    answers = [make_answer("top1", kind, right=not i, index=i) for i, kind in enumerate(kinds)]
    result = make_result("demo", list(exact_match(answers)), [], {}, 7)
    found = find_accuracies(result)["top1"]
    assert {column: figure.value for column, figure in found.items()} == {"all": 1.0, "two types": 0.0}
