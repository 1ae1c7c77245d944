import pytest
from hypothesis import given
from hypothesis import strategies as st

from molora.benchmarks.metrics import Timing, compare, is_right, normalise, requests_per_s, share


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


def timing(server: str, number: int, index: int, *, sent: float, ttft: float, took: float) -> Timing:
    router_ms = 2.0 if server == "ours" else 0.0
    return Timing(server, 4, number, index, sent, sent + ttft, sent + took, 16, "spatial", router_ms)


def test_throughput_counts_from_the_first_request_to_the_end_of_the_last() -> None:
    timings = [timing("ours", 1, i, sent=10.0 + i, ttft=0.5, took=2.0) for i in range(3)]
    assert requests_per_s(timings) == pytest.approx(3 / 4.0)


def test_rounds_and_requests_are_compared_in_pairs() -> None:
    timings = []
    for number, (our, their) in enumerate([(2.0, 1.0), (1.0, 1.0), (4.0, 1.0)], start=1):
        for index in range(2):
            timings.append(timing("ours", number, index, sent=0.0, ttft=0.3 + index, took=our))
            timings.append(timing("theirs", number, index, sent=0.0, ttft=0.2 + index, took=their))
    timings.append(Timing("ours", 32, 1, 0, 0.0, 9.0, 9.0, 16, "spatial", 99.0))  # another concurrency
    result = compare(timings, 4, "ours", "theirs")
    assert result.ratios == pytest.approx((0.5, 1.0, 0.25))
    assert result.ratio == pytest.approx(0.5)
    assert result.num_rounds == 3
    assert result.added_ttft_ms == pytest.approx(100.0)
    assert result.router_ms == 2.0
    assert result.theirs_per_s == pytest.approx(2.0)


def test_a_request_without_its_pair_is_an_error() -> None:
    with pytest.raises(KeyError):
        compare(
            [
                timing("ours", 1, 0, sent=0, ttft=1, took=1),
                timing("ours", 1, 1, sent=0, ttft=1, took=1),
                timing("theirs", 1, 0, sent=0, ttft=1, took=1),
            ],
            4,
            "ours",
            "theirs",
        )
