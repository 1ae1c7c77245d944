import json
from functools import cache
from pathlib import Path

import pytest

from molora.benchmarks.results import Result
from molora.benchmarks.scaling.points import Factor
from molora.benchmarks.scaling.report import make_result
from molora.benchmarks.scaling.samples import Sample, write_samples
from tests.benchmarks.scaling.samples_made import make_sample


def clients() -> list[Sample]:
    """Twice the clients, twice the speed, up to four of them; a little slower in each round."""
    return [
        make_sample(Factor.CONCURRENCY, value, arm, slow * (1 + number / 100) / min(value, 4), number=number)
        for value in (1, 2, 4, 8, 16)
        for arm, slow in (("auto", 4.0), ("manual", 2.0))
        for number in (1, 2, 3)
    ]


@cache
def result() -> Result:
    slots = [
        make_sample(Factor.SLOTS, 2, arm, seconds, visit=visit)
        for arm in ("auto", "manual")
        for visit, seconds in ((0, 1), (1, 2))
    ]
    more = [make_sample(Factor.SLOTS, 4, arm, 1) for arm in ("auto", "manual")]
    prompts = [make_sample(Factor.PROMPT, value, arm, 1 + value) for value in (0, 9) for arm in ("auto", "manual")]
    tokens = {(Factor.PROMPT, 0): 30, (Factor.PROMPT, 9): 40}
    return make_result([*clients(), *slots, *more, *prompts], tokens, {"rounds": 3}, ["It has its limits."])


def told(group: str, row: str, column: str) -> float:
    (value,) = [f.value for f in result().figures if (f.group, f.row, f.column) == (group, row, column)]
    return value


def test_every_point_has_its_speed_and_ttft():
    assert told("clients", "2", "auto: questions/s") == pytest.approx(4 / (4 * 1.02 / 2))
    assert told("clients", "2", "manual: TTFT p50") == pytest.approx(1e3 * 2 * 1.02 / 2 / 10)
    assert told("clients", "2", "manual: experts that answered") == 2
    assert told("words before the question", "9", "tokens of a prompt") == 40


def test_growth_and_bends_are_told():
    assert 0.4 < told("growth, as a power of the factor", "clients", "auto: questions/s") < 0.7
    bends = [note for note in result().notes if "bends most at" in note]
    assert len(bends) == 4
    assert "questions/s of auto against clients bends most at 4: a power of 1.00 before, 0.00 after." in bends


def test_what_two_points_cannot_tell_is_said():
    (unknown,) = [note for note in result().notes if note.startswith("Too few points")]
    assert "questions/s of auto against slots" in unknown
    assert "clients" not in unknown


def test_a_point_that_was_come_to_twice_shows_the_drift():
    drift = [f for f in result().figures if f.group.startswith("drift")]
    assert [(f.row, f.column, f.value) for f in drift] == [("slots 2", "auto", 0.5), ("slots 2", "manual", 0.5)]


def test_a_factor_that_begins_at_none_has_no_logarithmic_axis():
    scales = {plot.x_label: plot.log_x for plot in result().plots}
    assert scales == {"clients": True, "slots": True, "words before the question": False}
    assert len(result().plots) == 6
    assert result().notes[-1] == "It has its limits."


def test_every_question_is_kept(tmp_path: Path):
    path = tmp_path / "scaling.jsonl"
    write_samples(clients(), path)
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert len(rows) == 30 * 4
    assert (rows[0]["factor"], rows[0]["setting"]["concurrency"], rows[0]["arm"]) == ("concurrency", 1, "auto")
