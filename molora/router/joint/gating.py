"""Logits -> gates that gradients go through: as `policy.py` chooses them, and drawn at random for exploration."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from molora.router.joint.plan import Mode

COOLED = 0.8
"""The share of a run after which the temperature has arrived."""


def find_gates(logits: Tensor, temperature: float, mode: Mode) -> Tensor:
    """[batch, experts], rows that sum to 1.

    `gumbel`: one expert a row, drawn by its probability, with the gradient of the relaxed draw (the straight-through
    Gumbel-softmax of Jang et al. 2017, arXiv:1611.01144); torch's global generator draws.
    """
    if mode == "gumbel":
        return F.gumbel_softmax(logits, tau=temperature, hard=True)
    shares = (logits / temperature).softmax(-1)
    return shares if mode == "soft" else keep_largest(shares, 2)


def keep_largest(shares: Tensor, num: int) -> Tensor:
    """The `num` largest of each row, to sum 1; the others 0."""
    kept = shares.topk(min(num, shares.shape[-1]), dim=-1)
    gates = torch.zeros_like(shares).scatter(-1, kept.indices, kept.values)
    return gates / gates.sum(-1, keepdim=True)


def find_served_gates(logits: Tensor, mode: Mode) -> Tensor:
    """What the policy makes of the logits once the run is over; for `gumbel` the likeliest expert's alone."""
    return keep_largest(logits.softmax(-1), 1) if mode == "gumbel" else find_gates(logits, 1.0, mode)


def find_temperature(step: int, steps: int, start: float) -> float:
    """From `start` to 1, by a constant factor a step; 1 in the last part of a run, since that is what is served."""
    left = max(0.0, 1 - step / (COOLED * steps))
    return float(start**left)
