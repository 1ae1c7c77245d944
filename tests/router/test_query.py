import math

import pytest

from molora.router.query import Decision


def test_decision_tells_expert_confidence_and_entropy_in_nats():
    decision = Decision("top1", "router", {"social": 1.0}, {"social": 0.75, "spatial": 0.25}, router_ms=1.234)
    assert decision.expert == "social"
    assert decision.confidence == 0.75
    assert decision.entropy == pytest.approx(-0.75 * math.log(0.75) - 0.25 * math.log(0.25))
    assert decision.to_headers() == {
        "x-molora-expert": "social",
        "x-molora-source": "router",
        "x-molora-confidence": "0.7500",
        "x-molora-router-ms": "1.23",
    }


def test_decision_without_gates_is_the_bare_backbone():
    decision = Decision("manual", "manual", {})
    assert decision.expert == "base"
    assert decision.to_dict() == {
        "mode": "manual",
        "source": "manual",
        "reason": None,
        "gates": {},
        "probabilities": {},
        "entropy": 0.0,
        "confidence": 1.0,
        "typicality": None,
        "router_ms": 0.0,
    }


def test_a_decision_without_probabilities_is_sure_only_where_the_caller_made_it():
    assert Decision("manual", "manual", {}).confidence == 1
    assert Decision("top1", "agent", {"social": 1.0}, reason="failed").confidence == 0
    assert Decision("top1", "fallback", {}, reason="failed").confidence == 0
