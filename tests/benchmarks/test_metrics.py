import pytest
from hypothesis import given
from hypothesis import strategies as st

from molora.benchmarks.metrics import is_right, normalise, share, split_list


@pytest.mark.parametrize("answer", ["Red", " red ", "red.", "RED .", "red\n"])
def test_case_spaces_and_a_full_stop_do_not_make_an_answer_wrong(answer: str) -> None:
    assert is_right(answer, "red")


@pytest.mark.parametrize("answer", ["", "red ball", "dark red", "blue", "1 red"])
def test_anything_else_does(answer: str) -> None:
    assert not is_right(answer, "red")


@pytest.mark.parametrize(
    ("answer", "same"),
    [
        ("Two.", "2"),
        ("the left one", "left 1"),
        ("none", "0"),
        ("a X-ray!", "x ray"),
        ("tape_dispenser", "tape dispenser"),
        ("don't know", "dont know"),
        ("1,000", "1000"),
        ("1.5 cm.", "1.5 cm"),
        ("A", "a"),
    ],
)
def test_number_words_articles_and_punctuation_do_not_count(answer: str, same: str) -> None:
    assert normalise(answer) == same
    assert is_right(answer, same)


@pytest.mark.parametrize(("answer", "right"), [("two cups, book", True), ("book", False), ("book, 2 cups, pen", False)])
def test_a_list_is_right_in_any_order_but_whole(answer: str, *, right: bool) -> None:
    assert is_right(answer, "book, 2 cups") is right


def test_parts_of_a_list_that_say_nothing_are_none() -> None:
    assert split_list("The cup, , two books,") == ["cup", "2 books"]


@given(st.text())
def test_normalising_twice_changes_nothing_for_words(text: str) -> None:
    words = "".join(c if c.isalnum() else " " for c in text)
    assert normalise(normalise(words)) == normalise(words)


def test_share_of_nothing_is_zero() -> None:
    assert share([]) == 0.0
    assert share([True, False, True, True]) == 0.75
