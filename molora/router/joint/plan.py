"""How the router is trained by the answers that it leads to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Mode = Literal["soft", "top2", "gumbel"]
"""How a training step makes gates of probabilities; `gumbel` draws one expert."""


@dataclass(frozen=True)
class Strengths:
    """What each term of the loss but the answers' is multiplied by: none of them is below 0.

    `sharpen` is of the gates' entropy, `keep` of the divergence from the first head's, `balance` of what brings experts
    back: it counts only while one's mean gate over the batch is below `collapse`.
    """

    sharpen: float = 0.02
    keep: float = 0.1
    balance: float = 0.02
    collapse: float = 0.02


@dataclass(frozen=True)
class Plan:
    """Sizes and rates; the same plan and machine make the same head.

    `rate` is the head's first, `lora_rate` that of the adapters, which learn in stage 3 alone; `start` is the gates'
    temperature in the beginning. Every `check_every` steps the held-out questions are asked; after `patience` times
    without a better loss it ends.
    """

    seed: int = 0
    stage: Literal[2, 3] = 2
    mode: Mode = "soft"
    steps: int = 600
    batch: int = 32
    rate: float = 5e-4
    lora_rate: float = 2e-5
    start: float = 2.0
    strengths: Strengths = field(default_factory=Strengths)
    held_out: float = 0.1
    check_every: int = 50
    patience: int = 4
