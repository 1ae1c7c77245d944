"""Whether answers take longer."""

import pytest

from molora.benchmarks.soak.drift import LATE, LATENCY, TTFT, drifts, split
from tests.benchmarks.soak.seen import exchange, soaked


def test_the_last_third_is_held_against_the_first() -> None:
    exchanges = [exchange(at_s, ttft_s=0.1, latency_s=0.2, late_s=0.01) for at_s in range(300)]
    exchanges += [exchange(at_s, ttft_s=9, latency_s=9, late_s=9) for at_s in range(300, 600)]
    exchanges += [exchange(at_s, ttft_s=0.2, latency_s=0.3, late_s=0.03) for at_s in range(600, 900)]
    found = {(one.what, one.percent): one for one in drifts(soaked(exchanges=exchanges))}
    assert {key: one.ratio for key, one in found.items()} == pytest.approx(
        {(what, percent): by for what, by in ((TTFT, 2.0), (LATENCY, 1.5), (LATE, 3.0)) for percent in (50, 99)}
    )
    assert found[TTFT, 50].first_ms == pytest.approx(100)


def test_only_whole_answers_of_the_traffic_count() -> None:
    slow = {"ttft_s": 60.0, "latency_s": 60.0}
    others = [exchange(at_s, **slow, has_left=True) for at_s in range(900)]
    others += [exchange(at_s, **slow, status=400) for at_s in range(900)]
    others += [exchange(at_s, **slow, fault="broken: no end") for at_s in range(900)]
    others += [exchange(at_s, **slow) for at_s in (-50, 900, 950)]
    seen = soaked()
    assert drifts(soaked(exchanges=[*seen.exchanges, *others])) == drifts(seen)


def test_nothing_is_said_of_a_third_without_answers() -> None:
    assert drifts(soaked(exchanges=[exchange(at_s) for at_s in range(300)])) == []


def test_values_are_split_by_time() -> None:
    points = [(0.0, 1.0), (2.9, 2.0), (3.0, 3.0), (8.9, 4.0)]
    assert split(points, 9.0, 3) == [[1.0, 2.0], [3.0], [4.0]]
