import numpy as np
import pytest

from molora.benchmarks.intervals import Estimate, over_rounds


def test_one_round_has_no_interval():
    assert over_rounds([[1.0, 2.0, 6.0]], np.median) == Estimate(2.0)


def test_rounds_that_are_alike_have_none_of_width():
    assert over_rounds([[0.5], [0.5], [0.5]], np.median) == Estimate(0.5, 0.5, 0.5)


def test_the_interval_is_as_wide_as_rounds_differ_though_their_values_are_many():
    """Of 4,000 values a mean is known to 0.03; of four rounds, that differ by more, it is not."""
    rng = np.random.default_rng(1)
    rounds = [rng.normal(centre, 1, 1000).tolist() for centre in (0, 1, 2, 3)]
    told = over_rounds(rounds, np.mean)
    assert told.value == pytest.approx(1.5, abs=0.1)
    assert told.low is not None
    assert told.high is not None
    assert told.low < 0.8
    assert told.high > 2.2
    assert over_rounds(rounds, np.mean) == told


def test_the_interval_covers_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(2)
    told = [over_rounds(rng.normal(5, 1, (20, 1)).tolist(), np.mean) for _ in range(60)]
    covered = sum(one.low is not None and one.high is not None and one.low <= 5 <= one.high for one in told)
    assert 52 <= covered <= 60
