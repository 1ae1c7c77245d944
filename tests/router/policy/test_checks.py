import math

import pytest

from molora.errors import BadRequest
from molora.router.policy.checks import candidates, check
from molora.router.query import AgentChoice, Wishes

EXPERTS = ("spatial", "quantity", "physical", "social")


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
        ({"mode": "soft", "floor": math.nan}, "routing.floor"),
        ({"mode": "soft", "floor": 1.1}, "routing.floor"),
        ({"mode": "top2", "floor": 0.0}, "routing.floor"),
        ({"mode": "soft", "top_k": 0}, "routing.top_k"),
        ({"mode": "top1", "top_k": 1}, "routing.top_k"),
        ({"mode": "manual", "gates": {"social": 1.0}, "top_k": 1}, "routing.top_k"),
        ({"sticky": -0.1}, "routing.sticky"),
        ({"sticky": math.nan}, "routing.sticky"),
        ({"mode": "soft", "sticky": 0.5}, "routing.sticky"),
        ({"agent": AgentChoice("nobody")}, "routing.agent.expert"),
        ({"agent": AgentChoice("base")}, "routing.agent.expert"),
        ({"agent": AgentChoice("social"), "deny": ("social",)}, "routing.agent.expert"),
        ({"agent": AgentChoice("social"), "allow": ("spatial",)}, "routing.agent.expert"),
        ({"agent": AgentChoice("social"), "prior": {"social": 0.0}}, "routing.agent.expert"),
        ({"agent": AgentChoice("social", 0.0)}, "routing.agent.confidence"),
        ({"agent": AgentChoice("social", 1.1)}, "routing.agent.confidence"),
        ({"agent": AgentChoice("social", math.nan)}, "routing.agent.confidence"),
        ({"agent": AgentChoice("social"), "gates": {"social": 1.0}}, "routing.agent"),
        ({"prior": {"nobody": 1.0}}, "routing.prior"),
        ({"prior": {"social": -1.0}}, "routing.prior"),
        ({"prior": {"social": math.nan}}, "routing.prior"),
        ({"prior": {"social": math.inf}}, "routing.prior"),
        ({"prior": dict.fromkeys(EXPERTS, 0.0)}, "routing.prior"),
        ({"prior": {"social": 0.0}, "allow": ("social",)}, "routing.prior"),
        ({"prior": {"social": 1.0}, "gates": {"social": 1.0}}, "routing.prior"),
    ],
)
def test_wishes_that_cannot_be_met_are_refused_and_name_the_field(wishes, param):
    with pytest.raises(BadRequest) as refusal:
        check(Wishes(**wishes), EXPERTS)
    assert (refusal.value.status, refusal.value.param) == (400, param)


@pytest.mark.parametrize(
    "wishes",
    [
        {"mode": "soft", "top_k": 100, "floor": 1.0},
        {"sticky": 1.0},
        {"mode": "top2", "agent": AgentChoice("social", 1e-9), "prior": {"spatial": 0.0}},
        {"prior": {"social": 1e308}, "deny": ("social",)},
        {"prior": {}},
    ],
)
def test_wishes_at_the_edge_of_what_can_be_met_are_met(wishes):
    check(Wishes(**wishes), EXPERTS)


def test_candidates_are_in_the_order_of_the_experts():
    wishes = Wishes(allow=("social", "spatial", "physical"), deny=("physical",))
    assert candidates(wishes, EXPERTS) == ["spatial", "social"]
    assert candidates(Wishes(prior={"quantity": 0.0, "social": 3.0}), EXPERTS) == ["spatial", "physical", "social"]
