"""How often mixtures answer right, all of them on the same questions. Command: `molora router mixtures`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from molora.router.features import Flags
from molora.router.joint.asking import find_right, read_answers
from molora.router.joint.examples import Lesson
from molora.router.joint.gating import keep_largest
from molora.router.joint.parts import Material, Parts

BATCH = 64
TOP1, TOP2, SOFT = "top1", "top2", "soft"

OnAsked = Callable[[int, int], None]
"""Told the questions asked, and how many there are."""


def find_served(parts: Parts, material: Material) -> dict[str, Tensor]:
    """Gates [questions, experts] by routing mode, as the policy chooses them."""
    with torch.no_grad():
        shares = parts.route(*material).softmax(-1)
    return {TOP1: keep_largest(shares, 1), TOP2: keep_largest(shares, 2), SOFT: shares}


@torch.no_grad()
def answer(parts: Parts, lessons: Sequence[Lesson], gates: Mapping[str, Tensor], on_asked: OnAsked) -> dict[str, Flags]:
    """[lessons] by name: whether the answer is right under gates [lessons, experts]."""
    rights: dict[str, list[Flags]] = {name: [] for name in gates}
    for start in range(0, len(lessons), BATCH):
        rows = slice(start, start + BATCH)
        batch = parts.load(lessons[rows])
        for name, all_gates in gates.items():
            logits = read_answers(parts.mixture, batch, all_gates[rows].to(parts.device))
            rights[name].append(find_right(logits, batch.answers).cpu().numpy())
        on_asked(min(start + BATCH, len(lessons)), len(lessons))
    return {name: np.concatenate(flags) for name, flags in rights.items()}
