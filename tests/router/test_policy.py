import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from molora.errors import BadRequest
from molora.router import policy
from molora.router.query import Decision, Wishes

EXPERTS = ("spatial", "quantity", "physical", "social")
logit_rows = arrays(np.float32, len(EXPERTS), elements=st.floats(-1e4, 1e4, width=32))
temperatures = st.floats(min_value=0, exclude_min=True, allow_infinity=False)
some_experts = st.sets(st.sampled_from(EXPERTS), min_size=1).map(tuple)


def decide(logits: Any, **wishes: Any) -> Decision:
    return policy.decide(np.array(logits, dtype=np.float32), Wishes(**wishes), EXPERTS, calibration=1.0)


@given(logit_rows, temperatures, some_experts)
def test_probabilities_sum_to_one_over_the_admitted_experts(logits, temperature, allow):
    decision = decide(logits, temperature=temperature, allow=allow)
    assert set(decision.probabilities) == set(allow)
    assert math.isclose(sum(decision.probabilities.values()), 1.0, rel_tol=1e-9)
    assert 0 <= decision.entropy <= math.log(len(allow)) + 1e-9


@given(logit_rows, temperatures, some_experts)
def test_top1_gates_the_admitted_expert_with_the_largest_logit(logits, temperature, allow):
    decision = decide(logits, temperature=temperature, allow=allow)
    ((best, gate),) = decision.gates.items()
    assert gate == 1.0
    assert decision.confidence == decision.probabilities[best]
    assert logits[EXPERTS.index(best)] >= max(logits[EXPERTS.index(name)] for name in allow) or temperature > 1e3


@given(arrays(np.float32, len(EXPERTS), elements=st.floats(-10, 10, width=32)), some_experts)
def test_masking_is_renormalising(logits, allow):
    free, masked = decide(logits).probabilities, decide(logits, allow=allow).probabilities
    total = sum(free[name] for name in allow)
    assert masked == pytest.approx({name: free[name] / total for name in allow}, rel=1e-6)


def test_temperature_multiplies_the_calibration():
    logits = np.array([2, 1, 0, 0], dtype=np.float32)
    decision = policy.decide(logits, Wishes(temperature=3.0), EXPERTS, calibration=2.0)
    expected = np.exp(logits / 6) / np.exp(logits / 6).sum()
    assert list(decision.probabilities.values()) == pytest.approx(expected.tolist())


def test_the_deployments_temperature_holds_where_the_request_has_none():
    logits = np.array([2, 1, 0, 0], dtype=np.float32)
    default = policy.decide(logits, Wishes(), EXPERTS, 1.0, default=4.0)
    assert default == policy.decide(logits, Wishes(temperature=4.0), EXPERTS, 1.0)


def test_deny_leaves_the_others():
    decision = decide([4, 3, 2, 1], deny=("spatial",))
    assert decision.expert == "quantity"
    assert "spatial" not in decision.probabilities


@pytest.mark.parametrize(
    ("wishes", "param"),
    [
        ({"allow": ("spatial", "nobody")}, "routing.allow"),
        ({"deny": ("base",)}, "routing.deny"),
        ({"allow": ()}, "routing.allow"),
        ({"deny": EXPERTS}, "routing.deny"),
        ({"allow": ("social",), "deny": ("social",)}, "routing.deny"),
        ({"temperature": 0.0}, "routing.temperature"),
        ({"temperature": -1.0}, "routing.temperature"),
        ({"temperature": math.nan}, "routing.temperature"),
        ({"temperature": math.inf}, "routing.temperature"),
        ({"mode": "sequential"}, "routing.mode"),
    ],
)
def test_wishes_that_cannot_be_met_are_refused_and_name_the_field(wishes, param):
    with pytest.raises(BadRequest) as refusal:
        policy.check(Wishes(**wishes), EXPERTS)
    assert (refusal.value.status, refusal.value.param) == (400, param)


def test_with_no_expert_at_all_the_refusal_says_so():
    with pytest.raises(BadRequest, match="no expert to route to"):
        policy.decide(np.zeros(0, dtype=np.float32), Wishes(), (), calibration=1.0)


def test_a_gate_by_hand_needs_no_router():
    wishes = Wishes(mode="manual", gates={"social": 1.0})
    assert policy.is_by_hand(wishes)
    assert policy.by_hand(wishes, EXPERTS) == Decision("manual", "manual", {"social": 1.0})


def test_gates_by_hand_are_any_real_numbers_and_zeros_go():
    gates = {"social": -0.4, "spatial": 1.5, "quantity": 0.0}
    assert policy.by_hand(Wishes(mode="manual", gates=gates), EXPERTS).gates == {"social": -0.4, "spatial": 1.5}


def test_top2_shares_one_between_the_two_likeliest():
    decision = decide([3, 1, 2, 0], mode="top2")
    assert list(decision.gates) == ["spatial", "physical"]
    assert decision.gates["spatial"] == pytest.approx(1 / (1 + math.exp(-1)))
    assert sum(decision.gates.values()) == pytest.approx(1)
    assert decide([3, 1, 2, 0], mode="top2", allow=("social",)).gates == {"social": 1.0}


def test_soft_gates_are_the_probabilities_above_the_floor():
    decision = decide([3, 1, 2, 0], mode="soft")
    assert decision.gates == pytest.approx(decision.probabilities)
    assert decide([3, 1, 2, 0], mode="soft", floor=0.2).gates == decide([3, 1, 2, 0], mode="top2").gates
    assert decide([0, 0, 0, 0], mode="soft", floor=1.0).gates == dict.fromkeys(EXPERTS, 0.25)
    assert decide([2000, 0, 0, 0], mode="soft").gates == {"spatial": 1.0}


def test_base_by_hand_is_no_gate():
    assert policy.by_hand(Wishes(mode="manual", gates={"base": 1.0}), EXPERTS).gates == {}


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
        policy.by_hand(Wishes(mode="manual", **wishes), EXPERTS)
    assert refusal.value.param == "routing.gates"
