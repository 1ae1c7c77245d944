from pathlib import Path

import nltk
import pytest

from molora.benchmarks.quality.wups import make_wups, open_similarity, wups
from tests.benchmarks.quality.wordnet import write_wordnet

NEAR = {("chair", "table"): 0.8, ("chair", "arm chair"): 0.95, ("dog", "table"): 0.4}


def near(a: str, b: str) -> float:
    return 1.0 if a == b else max(NEAR.get((a, b), 0.0), NEAR.get((b, a), 0.0))


@pytest.fixture
def wordnet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_wordnet(tmp_path)
    monkeypatch.setattr(nltk.data, "path", [str(tmp_path)])


@pytest.mark.parametrize(
    ("answers", "truths", "strict", "mild"),
    [
        (["chair"], ["chair"], 1.0, 1.0),
        (["chair"], ["table"], 0.08, 0.8),
        (["arm chair"], ["chair"], 0.95, 0.95),
        (["chair", "dog"], ["dog", "chair"], 1.0, 1.0),
        (["chair"], ["chair", "dog"], 0.0, 0.0),
        (["chair", "table"], ["chair"], 0.08, 0.8),
        (["cup"], ["chair"], 0.0, 0.0),
        ([], ["chair"], 0.0, 0.0),
    ],
)
def test_of_sets_the_worst_match_of_each_side_counts(
    answers: list[str], truths: list[str], strict: float, mild: float
) -> None:
    assert wups(answers, truths, near, 0.9) == pytest.approx(strict)
    assert wups(answers, truths, near, 0.0) == pytest.approx(mild)


@pytest.mark.usefixtures("wordnet")
def test_nouns_are_as_near_as_the_depth_of_what_they_have_in_common() -> None:
    with open_similarity() as similarity:
        assert similarity
        assert similarity("chair", "table") == pytest.approx(2 * 3 / (4 + 4))
        assert similarity("arm chair", "chair") == pytest.approx(2 * 4 / (5 + 4))
        assert similarity("dog", "table") == pytest.approx(2 * 1 / (3 + 4))
        assert similarity("cup", "cup") == 1.0
        assert similarity("cup", "table") == 0.0


def test_answers_are_lists_in_any_order() -> None:
    metrics = make_wups(near)
    pairs = [("Table, the chair", "chair, table"), ("table", "chair")]
    assert metrics["WUPS@0.9"](pairs) == pytest.approx([1.0, 0.08])
    assert metrics["WUPS@0.0"](pairs) == pytest.approx([1.0, 0.8])


def test_without_its_data_there_is_no_wordnet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nltk.data, "path", [str(tmp_path)])
    with open_similarity() as similarity:
        assert similarity is None
