import numpy as np
import pytest

from molora.router.evaluation.gate_spread import NUM_BINS, find_gates, find_spread

SHARES = np.array([[0.6, 0.3, 0.1], [0.1, 0.2, 0.7]])
CLASSES = ("a", "b", "c")


def test_gates_are_those_the_policy_serves():
    assert find_gates(SHARES, CLASSES, "top1").tolist() == [[1, 0, 0], [0, 0, 1]]
    assert find_gates(SHARES, CLASSES, "top2") == pytest.approx(np.array([[2 / 3, 1 / 3, 0], [0, 2 / 9, 7 / 9]]))
    assert find_gates(SHARES, CLASSES, "soft") == pytest.approx(SHARES)


def test_every_question_is_counted_once_for_the_largest_gate_and_once_for_each_expert():
    spread = find_spread(np.array([[1.0 + 1e-12, 0.0], [0.52, 0.48], [0.5, 0.5]]), ("a", "b"))
    assert spread.largest == [0] * 10 + [2] + [0] * 8 + [1]
    assert spread.experts["b"] == [1, *[0] * 8, 1, 1, *[0] * 9]
    assert all(len(counts) == NUM_BINS and sum(counts) == 3 for counts in spread.experts.values())
