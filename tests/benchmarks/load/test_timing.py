import json
from pathlib import Path

import pytest

from molora.benchmarks.load.timing import Load, Timing, by_round, rate, select, write_timings
from tests.benchmarks.load.records import TWO, timings


def test_times_are_of_the_request_its_first_token_and_the_others():
    one = Timing("a", TWO, 1, 0, 10.0, 10.5, 12.0, 4)
    assert (one.ttft_s, one.tpot_s, one.latency_s) == (0.5, 0.5, 2.0)


@pytest.mark.parametrize(("first_s", "num_tokens"), [(12.0, 4), (10.5, 1)])
def test_an_answer_that_comes_at_once_has_no_time_between_tokens(first_s: float, num_tokens: int):
    assert Timing("a", TWO, 1, 0, 10.0, first_s, 12.0, num_tokens).tpot_s is None


def test_the_rate_is_from_the_first_sent_to_the_last_ended():
    first, *_, last = timings("a", {1: 2.0})
    late = Timing("a", TWO, 1, 9, 11.0, 13.0, 15.0, 3)
    assert rate([first, last]) == 1.0
    assert rate([first, late]) == pytest.approx(2 / 5)


def test_rounds_are_in_order_and_chosen_by_arm_and_load():
    all_of_them = [*timings("a", {2: 1.0, 1: 1.0}), *timings("b", {1: 1.0}), *timings("a", {1: 1.0}, Load(rate=2))]
    chosen = by_round(select(all_of_them, "a", TWO))
    assert list(chosen) == [1, 2]
    assert [timing.index for timing in chosen[1]] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("load", "name"), [(Load(concurrency=1), "1 client"), (Load(concurrency=8), "8 clients"), (Load(rate=2.5), "2.5/s")]
)
def test_loads_have_names(load: Load, name: str):
    assert load.name == name


def test_the_raw_record_holds_every_time_stamp(tmp_path: Path):
    write_timings(timings("a", {1: 1.0}, num=2), tmp_path / "new" / "load.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "new" / "load.jsonl").read_text().splitlines()]
    assert [row["index"] for row in rows] == [0, 1]
    assert rows[0]["load"] == {"concurrency": 2, "rate": None}
    assert (rows[0]["sent_s"], rows[0]["first_token_s"], rows[0]["end_s"]) == (10.0, 10.5, 11.0)
