"""A student learns to give its teacher's vectors."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from molora.router.distill.plan import Plan
from molora.router.encoders.torch_thread import one_torch_thread
from molora.router.features import Floats

RATE_OF_NETWORK = 1 / 3
"""Of that of the rows."""
CHUNK = 1024


def imitate(
    student: Any, texts: Sequence[str], vectors: Floats, plan: Plan, on_step: Callable[[int, int, float], None]
) -> None:
    """`vectors` [len(texts), dim] of length 1, or what some of their components leave of it: the student's are held
    against the whole. The loss is one less the mean cosine."""
    optimizers = _make_optimizers(student, plan)
    steps = plan.epochs * -(-len(texts) // plan.batch)
    schedules = [torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps) for optimizer in optimizers]
    rng, targets, step = np.random.default_rng(plan.seed), torch.from_numpy(vectors), 0
    with one_torch_thread():
        for _ in range(plan.epochs):
            for rows in np.array_split(rng.permutation(len(texts)), steps // plan.epochs):
                given = _encode(student, [texts[row] for row in rows])
                loss = 1 - (given * targets[rows]).sum(dim=1).mean()
                torch.autograd.backward(loss)
                for optimizer, schedule in zip(optimizers, schedules, strict=True):
                    optimizer.step()
                    schedule.step()
                    optimizer.zero_grad()
                step += 1
                on_step(step, steps, loss.item())


def _make_optimizers(student: Any, plan: Plan) -> list[torch.optim.Optimizer]:
    """Only the rows of a batch's tokens are touched: a common token's momentum would move rare ones otherwise."""
    static, *others = student
    network = [parameter for module in others for parameter in module.parameters()]
    return [
        torch.optim.SparseAdam(list(static.parameters()), plan.rate),
        torch.optim.Adam(network, plan.rate * RATE_OF_NETWORK),
    ]


def _encode(student: Any, texts: Sequence[str]) -> torch.Tensor:
    encoded: torch.Tensor = student(student.preprocess(list(texts)))["sentence_embedding"]
    return encoded


def compare(student: Any, texts: Sequence[str], vectors: Floats) -> float:
    """The mean cosine of the student's vectors with these, as `imitate` takes it."""
    given = student.encode(list(texts), batch_size=CHUNK, show_progress_bar=False, convert_to_numpy=True)
    return float((given * vectors).sum(axis=1).mean())
