import sys
from pathlib import Path

import numpy as np
import pytest

from molora.errors import ConfigError
from molora.router.evaluation.measures import measure
from molora.router.training.board import Board, open_board, tell_all


def test_losses_and_held_out_figures_are_written(tmp_path: Path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    with open_board(tmp_path) as board:
        assert isinstance(board, Board)
        for step, loss in ((1, 0.5), (2, 0.25)):
            board.on_step("train", step, 2, loss)
        board.show(measure(np.array([[0.9, 0.1]]), np.array([0]), ("a", "b")))
    events = EventAccumulator(str(tmp_path)).Reload()
    assert [(event.step, event.value) for event in events.Scalars("train/loss")] == [(1, 0.5), (2, 0.25)]
    assert events.Scalars("held_out/accuracy")[0].value == 1.0


def test_without_a_folder_there_is_no_board():
    with open_board(None) as board:
        assert board is None


def test_a_missing_tensorboard_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(ConfigError, match="tensorboard"), open_board(tmp_path / "curves"):
        pass
    assert not (tmp_path / "curves").exists()


def test_every_listener_is_told():
    told: list[tuple[int, str]] = []
    tell_all(*(lambda stage, *_, i=i: told.append((i, stage)) for i in range(2)))("train", 1, 2, 0.0)
    assert told == [(0, "train"), (1, "train")]
