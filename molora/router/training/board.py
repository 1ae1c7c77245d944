"""Figures of a training for TensorBoard."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from molora.errors import ConfigError
from molora.router.evaluation.measures import Report
from molora.router.training.fitting import OnStep

HELD_OUT = ("accuracy", "macro_f1", "nll", "ece")


class Board:
    """Curves of one run."""

    def __init__(self, writer: Any) -> None:
        self._writer = writer

    def on_step(self, stage: str, step: int, _: int, loss: float) -> None:
        self._writer.add_scalar(f"{stage}/loss", loss, step)

    def show_figures(self, step: int, figures: Mapping[str, float]) -> None:
        for name, value in figures.items():
            self._writer.add_scalar(name, value, step)

    def show(self, held_out: Report) -> None:
        for name in HELD_OUT:
            self._writer.add_scalar(f"held_out/{name}", getattr(held_out, name), 0)


@contextmanager
def open_board(folder: Path | None) -> Iterator[Board | None]:
    """None without a folder. Raises ConfigError where TensorBoard is missing."""
    if folder is None:
        yield None
        return
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        raise ConfigError("--tensorboard needs TensorBoard: pip install 'molora[train]'") from None
    with SummaryWriter(str(folder)) as writer:
        yield Board(writer)


def tell_all(*listeners: OnStep) -> OnStep:
    def tell(stage: str, step: int, steps: int, loss: float) -> None:
        for listener in listeners:
            listener(stage, step, steps, loss)

    return tell
