import pytest

from molora.benchmarks.quality.text_metrics import bleu_1, make_metrics, rouge_l, score

PAIRS = [("Red.", "red"), ("the blue ball", "a red ball"), ("", "red"), ("three", "3"), ("sofa", "couch")]


@pytest.fixture(scope="module")
def scores() -> dict[tuple[str, str], dict[str, float]]:
    return score(make_metrics(), PAIRS)


def test_what_exact_match_calls_right_is_wholly_right(scores: dict[tuple[str, str], dict[str, float]]) -> None:
    for pair in (PAIRS[0], PAIRS[3]):
        assert list(scores[pair].values()) == pytest.approx([1.0] * 4, abs=1e-5)


def test_an_answer_that_says_nothing_is_wholly_wrong(scores: dict[tuple[str, str], dict[str, float]]) -> None:
    assert set(scores[PAIRS[2]].values()) == {0.0}


def test_half_the_words_are_half_right(scores: dict[tuple[str, str], dict[str, float]]) -> None:
    found = scores[PAIRS[1]]
    assert found["BLEU-1"] == pytest.approx(0.5)
    assert found["ROUGE-L"] == pytest.approx(0.5)
    assert 0.5 < found["BERTScore-F1"] < 1.0


def test_a_synonym_is_near_but_shares_no_word(scores: dict[tuple[str, str], dict[str, float]]) -> None:
    found = scores[PAIRS[4]]
    assert found["cosine > 0.71"] == 1.0
    assert found["BLEU-1"] == found["ROUGE-L"] == 0.0


def test_bleu_punishes_an_answer_that_is_too_short() -> None:
    (short, whole) = bleu_1([("red", "red ball"), ("red ball", "red ball")])
    assert short == pytest.approx(2.718281828 ** (1 - 2), rel=1e-6)
    assert whole == pytest.approx(1.0)


def test_rouge_looks_at_the_order_of_words() -> None:
    assert rouge_l([("ball red", "red ball")]) == pytest.approx([0.5])


def test_a_pair_is_measured_once() -> None:
    asked: list[int] = []

    def count(pairs: object) -> list[float]:
        asked.append(len(list(pairs)))  # type: ignore[call-overload]
        return [1.0] * asked[-1]

    assert score({"x": count}, [("a", "b"), ("a", "b"), ("b", "a")]) == {("a", "b"): {"x": 1.0}, ("b", "a"): {"x": 1.0}}
    assert asked == [2]
