import pytest

from molora.benchmarks.quality.arms import Arm, add_chosen, make_arms
from molora.errors import ConfigError
from tests.benchmarks.quality.rows import make_answer

EXPERTS = ["spatial", "social"]


def test_every_way_to_answer_is_asked_once() -> None:
    assert make_arms(EXPERTS) == [
        Arm("base", "base"),
        Arm("spatial", "spatial"),
        Arm("social", "social"),
        Arm("top1", "auto", {"mode": "top1"}),
        Arm("top2", "auto", {"mode": "top2"}),
        Arm("soft", "auto", {"mode": "soft"}),
        Arm("uniform", "auto", {"mode": "manual", "gates": {"spatial": 0.5, "social": 0.5}}),
    ]


def test_without_experts_the_backbone_alone_is_asked() -> None:
    assert make_arms([]) == [Arm("base", "base")]
    answers = [make_answer("base", "spatial", right=True)]
    assert add_chosen(answers, [], 0) == answers


def test_an_expert_with_the_name_of_an_arm_is_refused() -> None:
    with pytest.raises(ConfigError, match="'soft' is how the benchmark calls"):
        make_arms(["spatial", "soft"])


def test_the_oracle_is_the_answer_of_the_expert_of_the_questions_first_type() -> None:
    asked = [
        make_answer(arm, kinds, right=arm == kinds.partition("+")[0], index=index)
        for index, kinds in enumerate(("spatial", "social", "social+spatial", "OPEN", ""))
        for arm in ("base", *EXPERTS)
    ]
    oracle = [a for a in add_chosen(asked, EXPERTS, 0) if a.arm == "oracle"]
    assert [(a.index, a.expert, a.right) for a in oracle] == [
        (0, "spatial", True),
        (1, "social", True),
        (2, "social", True),
    ]


def test_chance_takes_one_experts_answer_to_each_question_and_the_same_again() -> None:
    asked = [make_answer(arm, "", right=True, index=i) for i in range(40) for arm in ("base", *EXPERTS)]
    first, again, other = (
        [(a.index, a.expert) for a in add_chosen(asked, EXPERTS, seed) if a.arm == "random"] for seed in (1, 1, 2)
    )
    assert first == again != other
    assert sorted(index for index, _ in first) == list(range(40))
    assert {expert for _, expert in first} == set(EXPERTS)


def test_of_two_answers_the_likelier_by_gate_and_expert_is_taken() -> None:
    gates = {"spatial": 0.75, "social": 0.25}
    asked = [
        *(make_answer("base", "", right=True, index=index) for index in range(3)),
        *(make_answer("spatial", "", right=False, index=index, logprob=-1.5) for index in range(3)),
        *(make_answer("social", "", right=True, index=index, logprob=lp) for index, lp in enumerate((-0.5, -0.3, 0))),
        *(make_answer("top2", "", right=False, index=index, gates=gates) for index in (0, 1)),
        make_answer("top2", "", right=False, index=2, expert="base"),
        make_answer("top2", "", right=False, index=3, gates={"newcomer": 1.0}),
    ]
    twice = [a for a in add_chosen(asked, EXPERTS, 0) if a.arm == "twice"]
    assert [(a.index, a.expert) for a in twice] == [(0, "spatial"), (1, "social"), (2, "base")]
