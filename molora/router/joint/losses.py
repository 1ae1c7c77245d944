"""What joint training minimises, term by term; all are means over the batch, in nats."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from molora.router.joint.plan import Strengths

IGNORED = -100
"""In the place of a token that an answer does not have."""


class Losses(NamedTuple):
    """`total` is what is minimised, the others are its terms before they are multiplied."""

    total: Tensor
    answer: Tensor
    entropy: Tensor
    divergence: Tensor
    balance: Tensor


def combine(answer: Tensor, logits: Tensor, before: Tensor, strengths: Strengths) -> Losses:
    """Of the answers' loss and the router's logits [batch, experts], now and `before` joint training."""
    log_p, log_q = logits.log_softmax(-1), before.log_softmax(-1)
    entropy, divergence = find_entropy(log_p), find_divergence(log_p, log_q)
    balance = find_imbalance(log_p.exp(), strengths.collapse)
    terms = strengths.sharpen * entropy + strengths.keep * divergence + strengths.balance * balance
    return Losses(answer + terms, answer, entropy, divergence, balance)


def find_answer_loss(logits: Tensor, wanted: Tensor) -> Tensor:
    """Cross-entropy of logits [batch, tokens, vocabulary] with the answers' own tokens [batch, tokens]."""
    return F.cross_entropy(logits.flatten(0, 1).float(), wanted.flatten(), ignore_index=IGNORED)


def find_entropy(log_p: Tensor) -> Tensor:
    """Of log-probabilities [batch, experts]. It is added to the loss: the less of it, the sharper the gates."""
    return -(log_p.exp() * log_p).sum(-1).mean()


def find_divergence(log_p: Tensor, log_q: Tensor) -> Tensor:
    """KL(p || q), both [batch, experts]."""
    return (log_p.exp() * (log_p - log_q)).sum(-1).mean()


def find_imbalance(gates: Tensor, collapse: float) -> Tensor:
    """-log of the product of the experts' mean gates (MoLE, Wu et al. 2024, arXiv:2404.13628); 0 with none below
    `collapse`. Gates [batch, experts]."""
    means = gates.mean(0)
    return -means.log().sum() if means.min() < collapse else torch.zeros_like(means[0])
