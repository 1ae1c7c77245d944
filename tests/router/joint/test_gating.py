from typing import get_args

import pytest
import torch

from molora.router.joint.gating import find_gates, find_served_gates, find_temperature, keep_largest
from molora.router.joint.plan import Mode

LOGITS = torch.tensor([[2.0, 0.0, 1.0], [0.0, 0.5, 0.0]])


@pytest.mark.parametrize("mode", get_args(Mode))
def test_gates_sum_to_one_and_let_gradients_through(mode) -> None:
    torch.manual_seed(0)
    logits = LOGITS.clone().requires_grad_()
    gates = find_gates(logits, 0.7, mode)
    assert torch.allclose(gates.sum(-1), torch.ones(2))
    (gates * torch.tensor([1.0, 2.0, 4.0])).sum().backward()
    assert logits.grad is not None
    assert logits.grad.abs().sum() > 0


def test_soft_gates_are_the_probabilities_at_that_temperature() -> None:
    assert torch.allclose(find_gates(LOGITS, 2.0, "soft"), (LOGITS / 2).softmax(-1))


def test_top2_gates_are_the_two_likeliest_in_their_proportion() -> None:
    gates = find_gates(LOGITS[:1], 1.0, "top2")[0]
    assert gates[1] == 0
    assert (gates[0] / gates[2]).item() == pytest.approx(torch.tensor(1.0).exp().item())


def test_gumbel_gates_are_one_expert_drawn_by_its_probability() -> None:
    torch.manual_seed(0)
    gates = find_gates(LOGITS[:1].expand(4000, -1), 0.5, "gumbel")
    assert set(gates.unique().tolist()) == {0.0, 1.0}
    assert torch.allclose(gates.mean(0), LOGITS[0].softmax(-1), atol=0.03)


def test_what_is_served_is_decided_without_chance() -> None:
    assert find_served_gates(LOGITS, "gumbel").tolist() == [[1, 0, 0], [0, 1, 0]]
    assert torch.equal(find_served_gates(LOGITS, "top2"), keep_largest(LOGITS.softmax(-1), 2))


def test_two_of_one_expert_are_that_one() -> None:
    assert keep_largest(torch.ones(2, 1), 2).tolist() == [[1], [1]]


def test_the_temperature_falls_from_its_start_to_what_is_served() -> None:
    course = [find_temperature(step, 100, 4.0) for step in range(101)]
    assert course[0] == 4
    assert course[40] == pytest.approx(2)
    assert course[80:] == [1] * 21
    assert course == sorted(course, reverse=True)
