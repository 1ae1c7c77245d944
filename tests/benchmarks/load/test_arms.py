import pytest

from molora.benchmarks.load.arms import ARMS, pair_questions, pick_arms
from molora.benchmarks.load.plan import Ask
from molora.benchmarks.load.servers import needed
from molora.benchmarks.questions import make_examples
from molora.errors import ConfigError

ASK = Ask(next(make_examples(5, 1, [("social",)])), "social", {"spatial": 0.6, "quantity": 0.4})


def test_a_question_becomes_what_each_arm_would_send() -> None:
    assert {name: arm.bodies(ASK) for name, arm in ARMS.items()} == {
        "base": ({"model": "base"},),
        "manual": ({"model": "social"},),
        "top1": ({"model": "auto", "routing": {"mode": "top1"}},),
        "top2": ({"model": "auto", "routing": {"mode": "top2"}},),
        "soft": ({"model": "auto", "routing": {"mode": "soft"}},),
        "twice": ({"model": "spatial"}, {"model": "quantity"}),
        "vllm": ({"model": "social"},),
        "vllm-base": ({"model": "base"},),
        "merged": ({"model": "quantity-0.5_spatial-0.5"},),
    }


def test_only_servers_that_are_asked_are_needed() -> None:
    assert needed(pick_arms(["top1", "manual"]).values()) == {"molora"}
    assert needed(pick_arms(["vllm"]).values()) == {"vllm"}
    assert needed(pick_arms(["merged"]).values()) == {"merged", "molora"}, "the router is asked for gates"


def test_an_arm_that_is_routed_shares_no_question_with_another_that_is() -> None:
    pairs = pair_questions(ARMS)
    assert [name for name, asks_as in pairs.items() if asks_as == "top1"] == [
        "base",
        "manual",
        "top1",
        "vllm",
        "vllm-base",
    ]
    assert all(pairs[name] == name for name in ("top2", "soft", "twice", "merged"))


def test_an_unknown_arm_is_named() -> None:
    with pytest.raises(ConfigError, match="no arm 'best': choose from base, manual"):
        pick_arms(["top1", "best"])
