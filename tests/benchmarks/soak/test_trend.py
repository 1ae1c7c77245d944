"""Whether memory grows."""

import random

import pytest

from molora.benchmarks.soak.trend import files, mib, parts, series, trend, trends
from tests.benchmarks.soak.seen import SECONDS, sample, soaked


def test_a_slope_is_found_among_noise_and_outliers() -> None:
    rng = random.Random(1)
    points = [(5.0 * place, 100 + place / 60 + rng.gauss(0, 0.5)) for place in range(181)]
    points = [(at_s, held + 500 * (rng.random() < 0.1)) for at_s, held in points]
    found = trend("front", points, SECONDS)
    assert found.per_hour == pytest.approx(12.0, rel=0.15)
    assert found.low < 12 < found.high
    assert found.low > 0


def test_what_grows_only_at_first_has_no_slope() -> None:
    points = [(float(at_s), min(at_s, 250) + 0.01 * (at_s % 2)) for at_s in range(0, 901, 5)]
    found = trend("front", points, SECONDS)
    assert found.per_hour == pytest.approx(0, abs=0.1)
    assert (found.first, found.settled, found.last) == pytest.approx((0, 250, 250), abs=0.1)


def test_parts_are_summed_over_their_processes_and_kept_apart() -> None:
    samples = [
        one
        for at_s in range(0, 901, 5)
        for one in (
            sample(at_s, "others", 1, pid=4),
            sample(at_s, "front", 100),
            sample(at_s, "Worker", 200 + at_s / 3600, pid=2, files=7),
            sample(at_s, "Worker", 300 + at_s / 3600, pid=3, files=7),
        )
    ]
    seen = soaked(samples=samples)
    assert parts(seen) == ["front", "Worker", "others"]
    assert series(seen, "Worker", files)[0] == (0.0, 14.0)
    memory = {one.part: one for one in trends(seen, mib)}
    assert memory["Worker"].per_hour == pytest.approx(2.0, abs=0.01)
    assert memory["Worker"].first == pytest.approx(500)
    assert memory["front"].per_hour == 0.0


def test_a_process_that_was_there_for_a_while_has_no_trend() -> None:
    samples = [sample(at_s, "front", 100) for at_s in range(0, 901, 5)]
    samples += [sample(at_s, "others", 100, pid=2) for at_s in range(0, 400, 5)]
    assert [one.part for one in trends(soaked(samples=samples), mib)] == ["front"]
