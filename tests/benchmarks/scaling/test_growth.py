import numpy as np
import pytest

from molora.benchmarks.scaling.growth import find_bend, fit

X = (1, 2, 4, 8, 16, 32)


def series(power, noise: float = 0.01, rounds: int = 6, seed: int = 0) -> list[tuple[float, list[float]]]:
    rng = np.random.default_rng(seed)
    return [(float(x), (power(x) * np.exp(rng.normal(0, noise, rounds))).tolist()) for x in X]


def test_the_slope_is_the_power():
    grown = fit(series(lambda x: 3 * x**0.7))
    assert grown.slope == pytest.approx(0.7, abs=0.02)
    assert grown.low < 0.7 < grown.high


def test_the_interval_covers_the_power_19_times_of_20():
    found = [fit(series(lambda x: x**-0.5, 0.2, seed=seed)) for seed in range(400)]
    assert sum(one.low <= -0.5 <= one.high for one in found) / 400 == pytest.approx(0.95, abs=0.035)


@pytest.mark.parametrize("seed", range(5))
def test_a_curve_bends_where_it_levels_off(seed: int):
    bend = find_bend(series(lambda x: min(x, 8), seed=seed))
    assert bend is not None
    assert bend.x == 8
    assert (bend.before, bend.after) == pytest.approx((1, 0), abs=0.05)


@pytest.mark.parametrize(("power", "noise"), [(lambda x: x**0.5, 0.05), (lambda x: min(x, 30), 0.3)])
def test_what_does_not_bend_beyond_noise_seldom_does(power, noise: float):
    bends = [find_bend(series(power, noise, seed=seed)) for seed in range(300)]
    assert sum(bend is not None for bend in bends) / 300 < 0.08


def test_what_was_measured_once_or_at_two_points_has_no_bend():
    assert find_bend(series(lambda x: min(x, 8), rounds=1)) is None
    assert find_bend(series(lambda x: x)[:2]) is None


def test_without_any_noise_a_straight_line_does_not_bend():
    assert find_bend(series(lambda x: x**0.5, 0.0)) is None
