import pytest

from molora.config import PolicyConfig
from molora.errors import BadRequest
from molora.router.policy.doubts import doubt, stand_in
from molora.router.query import AgentChoice, Wishes

EXPERTS = ("spatial", "social")
RULES = PolicyConfig(min_confidence=0.6, false_alarms=0.05)


@pytest.mark.parametrize(
    ("shares", "typicality", "reason"),
    [
        ({"spatial": 0.6, "social": 0.4}, 0.05, None),
        ({"spatial": 0.59, "social": 0.41}, 0.05, "unsure"),
        ({"spatial": 0.9, "social": 0.1}, 0.04, "unlike"),
        ({"spatial": 0.5, "social": 0.5}, 0.04, "unlike"),
        ({"spatial": 0.1, "new": 0.9}, 0.0, None),
        ({"spatial": 0.2, "new": 0.4, "newer": 0.4}, 0.0, "unsure"),
        ({"spatial": 0.5, "new": 0.25, "newer": 0.25}, 0.0, "unlike"),
        ({"new": 1.0}, 0.0, None),
    ],
)
def test_a_question_is_in_doubt_for_one_reason(shares, typicality, reason):
    assert doubt(shares, typicality, ("new", "newer"), RULES) == reason


@pytest.mark.parametrize(
    ("reason", "fallback", "gates"),
    [
        ("failed", None, None),
        ("failed", "base", {}),
        ("failed", "social", {"social": 1.0}),
        ("failed", "gone", None),
        ("unsure", None, {}),
        ("unsure", "social", {"social": 1.0}),
        ("unsure", "gone", None),
        ("unlike", None, {}),
        ("unlike", "social", {}),
    ],
)
def test_who_stands_in_is_the_fallback_or_base(reason, fallback, gates):
    decision = stand_in(reason, Wishes(mode="top2"), EXPERTS, fallback)
    told = decision and (decision.mode, decision.source, decision.reason, decision.gates)
    assert told == (None if gates is None else ("top2", "fallback", reason, gates))


@pytest.mark.parametrize("reason", ["failed", "unsure", "unlike"])
def test_who_is_not_admitted_stands_in_for_nobody(reason):
    assert stand_in(reason, Wishes(allow=("spatial",)), EXPERTS, "social") is None
    assert stand_in(reason, Wishes(allow=EXPERTS), EXPERTS, "base") is None


@pytest.mark.parametrize("fallback", [None, "base", "spatial"])
@pytest.mark.parametrize("reason", ["failed", "unsure", "unlike"])
def test_an_agents_expert_stands_in_before_anybody_else(reason, fallback):
    decision = stand_in(reason, Wishes(agent=AgentChoice("social", 0.1)), EXPERTS, fallback)
    assert decision is not None
    assert (decision.source, decision.reason, decision.gates) == ("agent", reason, {"social": 1.0})
    with pytest.raises(BadRequest, match="unknown expert 'gone'"):
        stand_in(reason, Wishes(agent=AgentChoice("gone")), EXPERTS, fallback)
