import pytest

from molora.benchmarks.intervals import Estimate
from molora.benchmarks.quality.means import arithmetic_mean, harmonic_mean, mean


def test_an_interval_is_as_wide_as_a_shares_standard_error_says() -> None:
    found = mean([1.0] * 300 + [0.0] * 100)
    error = (0.75 * 0.25 / 400) ** 0.5
    assert found.value == 0.75
    assert found.low == pytest.approx(0.75 - 1.96 * error, abs=0.006)
    assert found.high == pytest.approx(0.75 + 1.96 * error, abs=0.006)


def test_the_same_values_have_the_same_interval() -> None:
    assert mean([0.0, 1.0, 0.5, 0.25]) == mean([0.0, 1.0, 0.5, 0.25])


def test_one_value_has_no_interval() -> None:
    assert mean([0.5]) == Estimate(0.5)


def test_types_count_alike_however_many_questions_they_have() -> None:
    many, few = [1.0, 1.0, 1.0, 0.0] * 20, [1.0, 0.0, 0.0, 0.0]
    assert arithmetic_mean([many, few]).value == pytest.approx(0.5)
    assert harmonic_mean([many, few]).value == pytest.approx(2 / (1 / 0.75 + 1 / 0.25))


def test_a_mean_of_types_is_surer_where_each_type_is() -> None:
    few, many = ([[1.0, 0.0] * n, [1.0, 1.0, 0.0] * n] for n in (5, 80))
    widths = [found.high - found.low for found in map(harmonic_mean, (few, many)) if found.low and found.high]
    assert widths[0] > 3 * widths[1]


def test_the_harmonic_mean_is_zero_where_a_type_is_never_right() -> None:
    assert harmonic_mean([[1.0, 1.0], [0.0, 0.0]]) == Estimate(0.0, 0.0, 0.0)
