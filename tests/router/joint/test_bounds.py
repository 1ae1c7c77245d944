import numpy as np
import pytest

from molora.router.joint.bounds import find_bounds, list_fixed

CLASSES = ("spatial", "social")


def flags(text: str) -> np.ndarray:
    return np.array([letter == "x" for letter in text])


def test_fixed_mixtures_are_each_expert_and_each_pair() -> None:
    fixed = list_fixed(CLASSES)
    assert list(fixed)[:2] == ["spatial", "social"]
    assert fixed["social"].tolist() == [0, 1]
    assert fixed["0.3 spatial + 0.7 social"].tolist() == pytest.approx([0.3, 0.7])
    assert len(list_fixed("abcd")) == 4 + 6 * 3


def test_bounds_are_the_best_choice_a_question_and_a_kind() -> None:
    kinds = [("spatial",)] * 3 + [("spatial", "social")] * 3
    fixed = {"spatial": flags("xx.x.."), "social": flags("..x.xx"), "half": flags("......")}
    bounds = find_bounds(fixed, CLASSES, kinds)
    assert bounds["best expert a question"].all()
    assert bounds["best expert a kind"].tolist() == flags("xx..xx").tolist()
    fixed["half"] = flags("...xxx")
    assert find_bounds(fixed, CLASSES, kinds)["best mixture a kind"].tolist() == flags("xx.xxx").tolist()


def test_nothing_is_said_of_kinds_where_none_is_known() -> None:
    bounds = find_bounds({"spatial": flags("x."), "social": flags("..")}, CLASSES, [(), ()])
    assert list(bounds) == ["best expert a question", "best mixture a question"]
