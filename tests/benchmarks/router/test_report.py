import pytest

from molora.benchmarks.router.report import make_result
from molora.benchmarks.router.speed import Speed

ROUNDS = {
    "fast": [Speed((1.0, 1.0, 3.0), 1000.0), Speed((1.0, 2.0, 3.0), 3000.0)],
    "slow": [Speed((10.0, 10.0, 10.0), 50.0)] * 2,
}


def test_each_encoder_has_its_figures_and_an_accuracy_where_one_was_measured():
    figures = {(one.row, one.column): one for one in make_result(ROUNDS, {"fast": 0.9}, 3).figures}
    assert len(figures) == 7
    assert figures["fast", "alone, p50"].value == pytest.approx(1.5)
    assert figures["fast", "at once"].value == pytest.approx(2000)
    assert figures["fast", "accuracy"].value == pytest.approx(0.9)
    assert (figures["slow", "alone, p99"].value, figures["slow", "alone, p99"].better) == (10.0, "lower")


def test_the_interval_is_over_rounds():
    at_once = next(one for one in make_result(ROUNDS, {}, 3).figures if one.column == "at once")
    assert (at_once.low, at_once.high) == (1000.0, 3000.0)
