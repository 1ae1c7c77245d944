from pathlib import Path

import nltk
import pytest

from molora.benchmarks.quality.measuring import measure_texts
from tests.benchmarks.quality.rows import make_answer
from tests.benchmarks.quality.wordnet import write_wordnet

ANSWERS = [make_answer("base", "", right=True), make_answer("top1", "", right=False)]
EVERYWHERE = ["BLEU-1", "ROUGE-L", "BERTScore-F1", "cosine > 0.71"]


def test_daquar_alone_is_measured_by_wups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_wordnet(tmp_path)
    monkeypatch.setattr(nltk.data, "path", [str(tmp_path)])
    scores, notes = measure_texts(ANSWERS, "daquar")
    assert list(scores["2", "2"]) == [*EVERYWHERE, "WUPS@0.9", "WUPS@0.0"]
    assert (scores["2", "2"]["WUPS@0.9"], scores["3", "2"]["WUPS@0.9"]) == (1.0, 0.0)
    assert notes == []
    assert list(measure_texts(ANSWERS, "vqa-rad")[0]["2", "2"]) == EVERYWHERE


def test_without_wordnet_a_note_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nltk.data, "path", [str(tmp_path)])
    scores, (note,) = measure_texts(ANSWERS, "daquar")
    assert list(scores["2", "2"]) == EVERYWHERE
    assert "WUPS is left out" in note
