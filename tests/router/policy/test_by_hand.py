import math

import pytest

from molora.errors import BadRequest
from molora.router.policy.by_hand import by_hand
from molora.router.policy.checks import is_by_hand
from molora.router.query import Decision, Wishes

EXPERTS = ("spatial", "quantity", "physical", "social")


def test_a_gate_by_hand_needs_no_router():
    wishes = Wishes(mode="manual", gates={"social": 1.0})
    assert is_by_hand(wishes)
    assert by_hand(wishes, EXPERTS) == Decision("manual", "manual", {"social": 1.0})


def test_gates_by_hand_are_any_real_numbers_and_zeros_go():
    gates = {"social": -0.4, "spatial": 1.5, "quantity": 0.0}
    assert by_hand(Wishes(mode="manual", gates=gates), EXPERTS).gates == {"social": -0.4, "spatial": 1.5}


def test_base_by_hand_is_no_gate():
    assert by_hand(Wishes(mode="manual", gates={"base": 1.0}), EXPERTS).gates == {}


@pytest.mark.parametrize(
    "wishes",
    [
        {},
        {"gates": {}},
        {"gates": {"nobody": 1.0}},
        {"gates": {"social": 0.0, "spatial": 0.0}},
        {"gates": {"social": math.inf}},
        {"gates": {"social": math.nan, "spatial": 1.0}},
        {"gates": {"social": 1e39}},
        {"gates": {"base": 0.5}},
        {"gates": {"social": 1.0, "base": 0.0}},
        {"gates": {"social": 1.0}, "deny": ("social",)},
    ],
)
def test_other_gates_are_refused(wishes):
    with pytest.raises(BadRequest) as refusal:
        by_hand(Wishes(mode="manual", **wishes), EXPERTS)
    assert refusal.value.param == "routing.gates"
