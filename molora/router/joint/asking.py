"""What the backbone answers under gates, and whether that is right."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from molora.router.joint.batches import Batch
from molora.router.joint.gated import GatedMixture
from molora.router.joint.gating import find_served_gates
from molora.router.joint.losses import IGNORED, find_answer_loss
from molora.router.joint.parts import Material, Parts
from molora.router.joint.plan import Mode


def read_answers(mixture: GatedMixture, batch: Batch, gates: Tensor) -> Tensor:
    """Logits [batch, tokens, vocabulary] of the answers' tokens, each after those before it."""
    num = batch.answers.shape[1]
    with mixture.gated(gates, batch.patches) as model:
        logits: Tensor = model(**batch.inputs, use_cache=False, logits_to_keep=num + 1).logits
    return logits[:, :-1]


def find_right(logits: Tensor, answers: Tensor) -> Tensor:
    """[batch]: whether greedy decoding says the answer: it does if, and only if, each of its tokens is the likeliest
    after those before it."""
    return ((logits.argmax(-1) == answers) | (answers == IGNORED)).all(-1)


class HeldOut(NamedTuple):
    """On questions kept apart, with the gates that would be served."""

    loss: float
    accuracy: float


@torch.no_grad()
def ask(parts: Parts, material: Material, mode: Mode, batch: int) -> HeldOut:
    parts.network.eval()
    losses, rights = [], []
    for some in material.chunks(batch):
        loaded = parts.load(some.lessons)
        logits = read_answers(parts.mixture, loaded, find_served_gates(parts.route(*some), mode))
        losses.append(find_answer_loss(logits, loaded.answers).item() * len(some.lessons))
        rights.append(int(find_right(logits, loaded.answers).sum()))
    num = len(material.lessons)
    return HeldOut(sum(losses) / num, sum(rights) / num)
