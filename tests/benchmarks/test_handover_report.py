from dataclasses import replace

import pytest
from rich.console import Console

from molora.benchmarks.handover_report import Turn, figure, print_table, summarise

TURN = Turn(round=1, batch=4, num_tokens=8, pictures_s=0.4, embeddings_s=0.3, tower_s=0.1, num_same=4)
SLOW = replace(TURN, round=2, pictures_s=0.8, embeddings_s=0.6, tower_s=0.2)


def test_times_are_of_one_request_and_shares_of_a_request_whose_router_looks_too() -> None:
    (one,) = figure([TURN, TURN], trained=True)
    assert (one.pictures_ms, one.embeddings_ms, one.tower_ms) == pytest.approx((100, 75, 25))
    assert one.vision_ms == pytest.approx(25)
    assert one.saved == pytest.approx(0.1 / 0.5)
    assert one.lost == pytest.approx(0.0)


def test_differences_and_shares_are_within_rounds() -> None:
    """In the second round the whole machine is half as fast."""
    (one,) = figure([TURN, SLOW, SLOW], trained=True)
    assert one.vision_ms == pytest.approx(50)
    assert one.vision_quartiles_ms == pytest.approx((37.5, 50))
    assert one.saved == pytest.approx(0.1 / 0.5)


def test_a_tower_slower_than_the_engines_vision_loses() -> None:
    (one,) = figure([replace(TURN, tower_s=0.5)] * 2, trained=True)
    assert one.lost == pytest.approx(1.0)


def test_each_size_of_batch_and_answer_is_on_its_own() -> None:
    kinds = [(8, 1), (1, 8), (1, 1)]
    turns = [replace(TURN, batch=batch, num_tokens=num_tokens) for batch, num_tokens in kinds * 2]
    assert [(one.batch, one.num_tokens) for one in figure(turns, trained=True)] == sorted(kinds)


def test_answers_that_differ_are_told_but_not_of_made_up_weights(capsys: pytest.CaptureFixture[str]) -> None:
    turns = [TURN, replace(SLOW, num_same=3)]
    figures = figure(turns, trained=True)
    print_table(Console(width=120), figures)
    assert "87.5%" in capsys.readouterr().out
    assert summarise(figures, 112, 2)["rows"][0]["same"] == 7 / 8
    made_up = figure(turns, trained=False)
    print_table(Console(width=120), made_up)
    assert "87.5%" not in capsys.readouterr().out
    assert made_up[0].same is None
