import pytest
from hypothesis import given
from hypothesis import strategies as st

from molora.benchmarks.metrics import is_right, normalise, share


@pytest.mark.parametrize("answer", ["Red", " red ", "red.", "RED .", "red\n"])
def test_case_spaces_and_a_full_stop_do_not_make_an_answer_wrong(answer: str) -> None:
    assert is_right(answer, "red")


@pytest.mark.parametrize("answer", ["", "red ball", "dark red", "blue", "1 red"])
def test_anything_else_does(answer: str) -> None:
    assert not is_right(answer, "red")


@given(st.text())
def test_normalising_twice_changes_nothing_for_words(text: str) -> None:
    words = "".join(c if c.isalnum() else " " for c in text)
    assert normalise(normalise(words)) == normalise(words)


def test_share_of_nothing_is_zero() -> None:
    assert share([]) == 0.0
    assert share([True, False, True, True]) == 0.75
