"""Every term against figures worked out by hand."""

import math

import pytest
import torch

from molora.router.joint.losses import (
    IGNORED,
    combine,
    find_answer_loss,
    find_divergence,
    find_entropy,
    find_imbalance,
)
from molora.router.joint.plan import Strengths


def logs(*rows: list[float]) -> torch.Tensor:
    return torch.tensor(rows).log()


def test_the_answers_loss_counts_the_answers_tokens_alone() -> None:
    logits = logs([0.5, 0.25, 0.25], [0.1, 0.8, 0.1], [0.98, 0.01, 0.01])[None]
    loss = find_answer_loss(logits, torch.tensor([[0, 1, IGNORED]]))
    assert loss.item() == pytest.approx((math.log(2) - math.log(0.8)) / 2)


def test_entropy_is_that_of_the_rows() -> None:
    assert find_entropy(logs([0.5, 0.5], [0.25, 0.75])).item() == pytest.approx((0.693147 + 0.562335) / 2, abs=1e-5)


def test_less_of_the_entropy_term_is_sharper() -> None:
    logits = torch.tensor([[0.2, 0.0, -0.1]], requires_grad=True)
    losses = combine(torch.zeros(()), logits, logits.detach(), Strengths(sharpen=1.0, balance=0.0))
    losses.total.backward()
    assert logits.grad is not None
    sharper = logits.detach() - logits.grad
    assert find_entropy(sharper.log_softmax(-1)) < find_entropy(logits.log_softmax(-1))
    assert sharper.softmax(-1)[0, 0] > logits.softmax(-1)[0, 0]


def test_divergence_is_nothing_from_itself_and_counts_what_has_moved() -> None:
    before, now = logs([0.5, 0.5]), logs([0.75, 0.25])
    assert find_divergence(before, before).item() == 0
    assert find_divergence(now, before).item() == pytest.approx(0.75 * math.log(1.5) + 0.25 * math.log(0.5))


def test_balance_is_of_the_batchs_mean_and_asked_for_only_when_an_expert_has_collapsed() -> None:
    gates = torch.tensor([[1.0, 0.0], [0.6, 0.4]])
    assert find_imbalance(gates, 0.25).item() == pytest.approx(-math.log(0.8 * 0.2))
    assert find_imbalance(gates, 0.2).item() == 0


def test_balancing_brings_a_collapsed_expert_back() -> None:
    logits = torch.tensor([[3.0, 0.0], [4.0, 0.0]], requires_grad=True)
    losses = combine(torch.zeros(()), logits, logits.detach(), Strengths(sharpen=0.0, balance=1.0, collapse=0.1))
    losses.total.backward()
    assert logits.grad is not None
    assert (logits.grad[:, 1] < 0).all()


def test_the_total_is_the_sum_of_the_terms_by_their_strengths() -> None:
    now, before = logs([0.9, 0.1]), logs([0.5, 0.5])
    losses = combine(torch.tensor(2.0), now, before, Strengths(0.1, 0.2, 0.3, collapse=0.5))
    entropy = -(0.9 * math.log(0.9) + 0.1 * math.log(0.1))
    divergence = 0.9 * math.log(1.8) + 0.1 * math.log(0.2)
    expected = 2 + 0.1 * entropy + 0.2 * divergence - 0.3 * math.log(0.09)
    assert losses.total.item() == pytest.approx(expected, abs=1e-5)
