import numpy as np
import pytest

from molora.router.evaluation.foreign import judge


def test_what_is_less_typical_than_the_rate_goes_to_base():
    found = judge(np.array([0.0, 0.01, 0.02, 0.5]), np.array([0.01, 0.03, 0.6, 1.0]), 0.03)
    assert (found.num_foreign, found.num_own) == (4, 4)
    assert (found.sent_to_base, found.false_alarms) == (0.75, 0.25)


def test_typicality_tells_nothing_where_all_are_alike():
    assert judge(np.ones(3), np.ones(5), 0.01).auroc == pytest.approx(0.5)
    assert judge(np.zeros(3), np.ones(5), 0.01).auroc == 1.0
