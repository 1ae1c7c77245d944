"""Where a run of joint training stands."""

from __future__ import annotations

from typing import Any, NamedTuple

from molora.router.joint.parts import Tensors
from molora.router.training.checkpoint import Checkpoint


class Progress(NamedTuple):
    """`best` is the state with the least loss on held-out questions, which the first may be; `waited` counts the checks
    since then. `checks` are the steps, losses and accuracies of all."""

    step: int
    state: Tensors
    optimizer: dict[str, Any] | None
    best: Tensors
    best_loss: float
    best_step: int
    waited: int
    checks: list[tuple[int, float, float]]


def read_progress(checkpoint: Checkpoint) -> Progress | None:
    """None where the run has not been checked yet."""
    state = checkpoint.read()
    return Progress(**state) if state else None
