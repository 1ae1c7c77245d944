"""Shows how joint training goes: a progress bar, and TensorBoard's curves if a folder is given."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from molora.progress import Bars
from molora.router.joint.plan import Plan
from molora.router.joint.train import OnStep
from molora.router.training.board import open_board

SHOWN = "loss/total"


@contextmanager
def monitor(bars: Bars, plan: Plan, tensorboard: Path | None) -> Iterator[OnStep]:
    with open_board(tensorboard) as board:

        def on_step(step: int, figures: dict[str, float]) -> None:
            if SHOWN in figures:
                bars(f"stage {plan.stage}", step, plan.steps, figures[SHOWN])
            if board:
                board.show_figures(step, figures)

        yield on_step
