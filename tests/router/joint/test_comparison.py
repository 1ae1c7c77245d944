import numpy as np
import pytest

from molora.router.joint.comparison import compare, compare_all, find_accuracies, split


def flags(text: str) -> np.ndarray:
    return np.array([letter == "x" for letter in text])


def test_a_clear_difference_is_told_from_none() -> None:
    better, worse = flags("x" * 60 + "." * 40), flags("x" * 40 + "." * 60)
    clear = compare(better, worse)
    assert clear.mean == pytest.approx(0.2)
    assert 0.1 < clear.low < 0.2 < clear.high < 0.3
    assert compare(better, better) == (0, 0, 0)
    swapped = compare(flags("x." * 50), flags(".x" * 50))
    assert swapped.low < 0 < swapped.high


def test_accuracy_is_told_apart_by_the_types_a_question_needs() -> None:
    kinds = [("spatial",), ("spatial",), ("spatial", "social")]
    assert find_accuracies({"soft": flags("x.x")}, split(kinds)) == {"soft": {"one type": 0.5, "two types": 1.0}}
    assert find_accuracies({"soft": flags("x..x")}, split([()] * 4)) == {"soft": {"any type": 0.5}}


def test_pairs_are_compared_group_by_group() -> None:
    groups = split([("spatial",), ("spatial", "social"), ("spatial", "social")])
    told = compare_all({"a": flags("xx."), "b": flags(".x.")}, [("a", "b")], groups)
    assert told["a", "b"]["one type"].mean == 1
    assert told["a", "b"]["two types"] == (0, 0, 0)
