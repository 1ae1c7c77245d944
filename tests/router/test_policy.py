import math
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from molora.config import AgentConfig, PolicyConfig
from molora.errors import BadRequest
from molora.router.policy import Lineup, Sight, decide
from molora.router.query import AgentChoice, Decision, Wishes

EXPERTS = ("spatial", "quantity", "physical", "social")
logit_rows = arrays(np.float32, len(EXPERTS), elements=st.floats(-1e4, 1e4, width=32))
mild_rows = arrays(np.float32, len(EXPERTS), elements=st.floats(-10, 10, width=32))
temperatures = st.floats(min_value=0, exclude_min=True, allow_infinity=False)
some_experts = st.sets(st.sampled_from(EXPERTS), min_size=1).map(tuple)
weights = st.dictionaries(st.sampled_from(EXPERTS), st.floats(0, 1e6))
confidences = st.floats(0, 1, exclude_min=True)
modes = st.sampled_from(["top1", "top2", "soft"])
limits = st.one_of(
    st.fixed_dictionaries({"mode": st.sampled_from(["top1", "top2"])}),
    st.fixed_dictionaries({"mode": st.just("soft"), "floor": st.floats(0, 1), "top_k": st.integers(1, 9)}),
)
CLEAR, EVEN = [3, 1, 2, 0], [0, 0, 0, 0]


def see(logits: Any, typicality: float = 1.0) -> Sight:
    return Sight(np.array(logits, dtype=np.float32), typicality)


def route(sight: Any, rules: PolicyConfig | None = None, *, newcomers: Any = (), earlier: Any = (), **wishes: Any):
    """`sight` and those of `earlier` may be logits of a typical question."""
    turns = [turn if isinstance(turn, Sight) else see(turn) for turn in (*earlier, sight)]
    lineup = Lineup(EXPERTS, newcomers=newcomers)
    return decide(turns[-1], Wishes(**wishes), lineup, rules or PolicyConfig(), earlier=turns[:-1])


def answered(decision: Decision) -> tuple[str, Any, dict[str, float]]:
    return decision.source, decision.reason, dict(decision.gates)


@given(logit_rows, temperatures, some_experts)
def test_probabilities_sum_to_one_over_the_admitted_experts(logits, temperature, allow):
    decision = route(logits, temperature=temperature, allow=allow)
    assert set(decision.probabilities) == set(allow)
    assert math.isclose(sum(decision.probabilities.values()), 1.0, rel_tol=1e-9)
    assert 0 <= decision.entropy <= math.log(len(allow)) + 1e-9


@given(logit_rows, temperatures, some_experts)
def test_top1_gates_the_admitted_expert_with_the_largest_logit(logits, temperature, allow):
    decision = route(logits, temperature=temperature, allow=allow)
    ((best, gate),) = decision.gates.items()
    assert gate == 1.0
    assert decision.confidence == decision.probabilities[best]
    assert logits[EXPERTS.index(best)] >= max(logits[EXPERTS.index(name)] for name in allow) or temperature > 1e3


@given(mild_rows, some_experts)
def test_masking_is_renormalising(logits, allow):
    free, masked = route(logits).probabilities, route(logits, allow=allow).probabilities
    total = sum(free[name] for name in allow)
    assert masked == pytest.approx({name: free[name] / total for name in allow}, rel=1e-6)


@given(mild_rows, some_experts, weights, limits)
def test_gates_sum_to_one_and_keep_to_the_masks(logits, allow, prior, limit):
    left = {name for name in allow if prior.get(name, 1.0) > 0}
    assume(left)
    decision = route(logits, allow=allow, prior=prior, **limit)
    assert sum(decision.gates.values()) == pytest.approx(1)
    assert set(decision.gates) <= left
    assert len(decision.gates) <= {"top1": 1, "top2": 2, "soft": limit.get("top_k")}[limit["mode"]]


def test_temperature_multiplies_the_calibration():
    logits = [2, 1, 0, 0]
    lineup = Lineup(EXPERTS, calibration=2.0)
    decision = decide(see(logits), Wishes(temperature=3.0), lineup, PolicyConfig())
    expected = np.exp(np.array(logits) / 6) / np.exp(np.array(logits) / 6).sum()
    assert list(decision.probabilities.values()) == pytest.approx(expected.tolist())


def test_the_deployments_temperature_holds_where_the_request_has_none():
    default = route(CLEAR, PolicyConfig(temperature=4.0))
    assert default == route(CLEAR, temperature=4.0)
    assert default != route(CLEAR)


def test_deny_leaves_the_others():
    decision = route([4, 3, 2, 1], deny=("spatial",))
    assert decision.expert == "quantity"
    assert "spatial" not in decision.probabilities


def test_with_no_expert_at_all_the_refusal_says_so():
    with pytest.raises(BadRequest, match="no expert to route to"):
        decide(see([]), Wishes(), Lineup(()), PolicyConfig())


def test_top2_shares_one_between_the_two_likeliest():
    decision = route(CLEAR, mode="top2")
    assert list(decision.gates) == ["spatial", "physical"]
    assert decision.gates["spatial"] == pytest.approx(1 / (1 + math.exp(-1)))
    assert sum(decision.gates.values()) == pytest.approx(1)
    assert route(CLEAR, mode="top2", allow=("social",)).gates == {"social": 1.0}


def test_soft_gates_are_the_probabilities_above_the_floor():
    decision = route(CLEAR, mode="soft")
    assert decision.gates == pytest.approx(decision.probabilities)
    assert route(CLEAR, mode="soft", floor=0.2).gates == route(CLEAR, mode="top2").gates
    assert route(EVEN, mode="soft", floor=1.0).gates == dict.fromkeys(EXPERTS, 0.25)
    assert route([2000, 0, 0, 0], mode="soft").gates == {"spatial": 1.0}


@given(mild_rows)
def test_top_k_of_one_and_two_are_the_modes_of_that_name_and_of_many_is_soft(logits):
    for top_k, mode in ((1, "top1"), (2, "top2"), (len(EXPERTS), "soft"), (10**9, "soft")):
        assert route(logits, mode="soft", top_k=top_k).gates == pytest.approx(route(logits, mode=mode).gates)


def test_a_prior_multiplies_the_probabilities_and_experts_it_does_not_name_count_one():
    plain, tilted = route(CLEAR).probabilities, route(CLEAR, prior={"social": 40, "physical": 0.5}).probabilities
    expected = {**plain, "social": 40 * plain["social"], "physical": 0.5 * plain["physical"]}
    assert tilted == pytest.approx({name: share / sum(expected.values()) for name, share in expected.items()})
    assert route(CLEAR, prior={"social": 40}).expert == "social"


def test_a_prior_of_zero_leaves_an_expert_out_however_sure_the_router_is():
    decision = route([1000, 1, 2, 0], prior={"spatial": 0}, temperature=0.001)
    assert decision.expert == "physical"
    assert "spatial" not in decision.probabilities


@pytest.mark.parametrize(
    ("fallback", "answer"),
    [
        (None, ("fallback", "unsure", {})),
        ("base", ("fallback", "unsure", {})),
        ("social", ("fallback", "unsure", {"social": 1.0})),
        ("gone", ("router", None, {"spatial": 1.0})),
    ],
)
def test_below_the_least_confidence_the_fallback_answers_where_it_is_there(fallback, answer):
    rules = PolicyConfig(min_confidence=0.5, fallback=fallback)
    decision = route([0.1, 0, 0, 0], rules)
    assert answered(decision) == answer
    assert decision.probabilities == route([0.1, 0, 0, 0]).probabilities
    assert answered(route(CLEAR, rules)) == ("router", None, {"spatial": 1.0})


@pytest.mark.parametrize("mode", ["top1", "top2", "soft"])
def test_a_question_like_none_goes_to_base_whatever_the_fallback(mode):
    decision = route(see(CLEAR, typicality=0.009), PolicyConfig(fallback="social"), mode=mode)
    assert answered(decision) == ("fallback", "unlike", {})
    assert decision.probabilities == route(CLEAR).probabilities
    assert decision.typicality == 0.009
    assert route(see(CLEAR, typicality=0.01), mode=mode).source == "router"
    assert route(see(CLEAR, typicality=0.0), PolicyConfig(false_alarms=0.0), mode=mode).source == "router"


def test_who_gives_a_list_of_experts_gets_one_of_them_however_odd_the_question():
    rules = PolicyConfig(min_confidence=0.99, fallback="social")
    for sight in (see(EVEN, typicality=0.0), see([0, 1, 0, 0])):
        assert answered(route(sight, rules, allow=("spatial", "quantity")))[:2] == ("router", None)
    assert answered(route([0, 1, 0, 0], rules, allow=("spatial", "social"))) == ("fallback", "unsure", {"social": 1.0})


@pytest.mark.parametrize(
    ("logits", "source"), [([0, 0, 1, 1], "router"), ([1.5, 0, 1, 1], "router"), ([2, 0, 1, 1], "fallback")]
)
def test_a_question_that_newcomers_claim_together_is_not_unlike(logits, source):
    decision = route(see(logits, typicality=0.0), newcomers=("physical", "social"))
    assert decision.source == source


PRIOR, OVERRIDE = (PolicyConfig(agent=AgentConfig(policy=policy, veto=0.8)) for policy in ("prior", "override"))


@given(mild_rows, st.sampled_from(EXPERTS), confidences)
def test_an_agent_as_prior_multiplies_its_distribution(logits, expert, confidence):
    decision = route(logits, PRIOR, agent=AgentChoice(expert, confidence))
    spread = {name: confidence if name == expert else (1 - confidence) / 3 for name in EXPERTS}
    product = {name: share * spread[name] for name, share in route(logits).probabilities.items()}
    assert decision.probabilities == pytest.approx(
        {name: share / sum(product.values()) for name, share in product.items()}
    )
    assert decision.source == "router"


def test_an_agent_as_sure_as_chance_changes_nothing_and_a_certain_one_everything():
    assert route(CLEAR, PRIOR, agent=AgentChoice("social", 0.25)).probabilities == pytest.approx(
        route(CLEAR).probabilities
    )
    assert route([5000, 0, 0, 0], PRIOR, agent=AgentChoice("social")).gates == {"social": 1.0}


@given(mild_rows, st.sampled_from(EXPERTS), confidences, modes)
def test_an_agent_that_overrides_answers_alone_unless_it_is_vetoed(logits, expert, confidence, mode):
    decision = route(logits, OVERRIDE, agent=AgentChoice(expert, confidence), mode=mode)
    shares = route(logits).probabilities
    best = max(shares, key=lambda name: shares[name])
    assert decision.source == "agent"
    assert decision.probabilities == shares
    if best == expert or shares[best] < 0.8:
        assert (decision.gates, decision.reason) == ({expert: 1.0}, None)
    else:
        total = confidence + shares[best]
        assert decision.gates == pytest.approx({expert: confidence / total, best: shares[best] / total})
        assert decision.reason == "vetoed"


def test_a_router_that_knows_nothing_like_the_question_vetoes_no_agent():
    choice = AgentChoice("social", 0.5)
    assert answered(route([9, 0, 0, 0], OVERRIDE, agent=choice))[1] == "vetoed"
    assert answered(route(see([9, 0, 0, 0], 0.0), OVERRIDE, agent=choice)) == ("agent", None, {"social": 1.0})


def test_in_doubt_an_agents_expert_answers_rather_than_the_fallback():
    rules = PolicyConfig(min_confidence=0.9, fallback="spatial")
    choice = AgentChoice("social", 0.5)
    assert answered(route(EVEN, rules, agent=choice)) == ("agent", "unsure", {"social": 1.0})
    assert answered(route(see(CLEAR, 0.0), rules, agent=choice)) == ("agent", "unlike", {"social": 1.0})


SPATIAL, RATHER_SOCIAL, SOCIAL = [9, 0, 0, 0], [0, -9, -9, 0.5], [0, 0, 0, 9]
STICKY = PolicyConfig(sticky=0.5)


@pytest.mark.parametrize(
    ("earlier", "last", "answer"),
    [
        ([], RATHER_SOCIAL, ("router", None, {"social": 1.0})),
        ([SPATIAL], RATHER_SOCIAL, ("router", "sticky", {"spatial": 1.0})),
        ([SPATIAL], SOCIAL, ("router", None, {"social": 1.0})),
        ([SPATIAL, SOCIAL], RATHER_SOCIAL, ("router", None, {"social": 1.0})),
        ([SPATIAL, RATHER_SOCIAL], RATHER_SOCIAL, ("router", "sticky", {"spatial": 1.0})),
        ([SPATIAL, see(SOCIAL, 0.0)], RATHER_SOCIAL, ("router", "sticky", {"spatial": 1.0})),
        ([SPATIAL], see(RATHER_SOCIAL, 0.0), ("fallback", "unlike", {})),
    ],
    ids=["alone", "near", "far", "changed", "twice", "unlike before", "unlike now"],
)
def test_a_sticky_conversation_stays_with_its_expert_until_another_is_clearly_likelier(earlier, last, answer):
    assert answered(route(last, STICKY, earlier=earlier)) == answer
    assert answered(route(last, sticky=0.5, earlier=earlier)) == answer


def test_a_conversation_is_not_sticky_where_it_is_not_asked_for():
    for rules, wishes in ((None, {}), (STICKY, {"sticky": 0.0}), (STICKY, {"mode": "top2"})):
        decision = route(RATHER_SOCIAL, rules, earlier=[SPATIAL], **wishes)
        assert (decision.expert, decision.reason) == ("social", None)


def test_a_conversations_expert_that_is_denied_holds_nothing():
    assert route(RATHER_SOCIAL, STICKY, earlier=[SPATIAL], deny=("spatial",)).expert == "social"


def test_an_agents_choice_is_for_the_last_turn_and_a_prior_for_all_of_them():
    even = [EVEN, EVEN]
    assert route(EVEN, STICKY, earlier=even, agent=AgentChoice("social", 0.5)).reason == "sticky"
    assert route(EVEN, STICKY, earlier=even, agent=AgentChoice("social", 0.9)).expert == "social"
    assert answered(route(EVEN, STICKY, earlier=even, prior={"social": 3})) == ("router", None, {"social": 1.0})


def test_in_a_list_of_experts_an_odd_turn_was_answered_and_counts():
    earlier, allow = [see(SPATIAL, 0.0)], ("spatial", "social")
    assert route(RATHER_SOCIAL, STICKY, earlier=earlier, allow=allow).expert == "spatial"
    even = AgentChoice("social", 0.5)
    assert route(RATHER_SOCIAL, STICKY, earlier=earlier, allow=allow, agent=even).expert == "spatial"
    assert route(RATHER_SOCIAL, STICKY, earlier=earlier).expert == "social"
