"""How a soak is told."""

import json

import pytest

from molora.benchmarks.soak.figures import figure, headline, summarise
from molora.benchmarks.soak.soak import Pace
from tests.benchmarks.soak.seen import soaked


def test_the_last_line_is_json_with_all_figures() -> None:
    told = summarise(figure(soaked()))
    assert json.loads(json.dumps(told)) == told
    assert told["benchmark"] == "soak"
    assert told["num_faults"] == 0
    assert told["memory"][0]["per_hour"] == pytest.approx(60, abs=0.1)
    assert [one["ratio"] for one in told["drifts"]] == pytest.approx([1.0] * 6)


def test_the_pace_is_told() -> None:
    assert headline(figure(soaked())) == "15 min, 10.0 requests a second: 80% of the 12.5 it can do"
    assert headline(figure(soaked(pace=Pace(10.0)))) == "15 min, 10.0 requests a second"
