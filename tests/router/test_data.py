import json
from pathlib import Path

import numpy as np
import pytest

from molora.benchmarks.questions import KINDS
from molora.errors import ConfigError
from molora.router.data import Sample, as_targets, draw_scene_questions, read_reasoning


def write(path: Path, *rows: object) -> Path:
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows))
    return path


def test_types_are_told_by_their_first_word(tmp_path: Path):
    labels = ("Spatial Reasoning.", "quantity", " Physical Reasoning", "Social and Emotional Reasoning.")
    rows = [{"question": f" q{i} ", "reasoning_type": label} for i, label in enumerate(labels)]
    samples = read_reasoning(write(tmp_path / "questions.jsonl", *rows, ""))
    assert samples == [Sample(f"q{i}", (kind,)) for i, kind in enumerate(KINDS)]


@pytest.mark.parametrize(
    "row", ["{", "[1]", '"text"', {"question": "q"}, {"question": "q", "reasoning_type": "Moral."}]
)
def test_a_broken_line_is_named(tmp_path: Path, row: object):
    path = write(tmp_path / "questions.jsonl", {"question": "q", "reasoning_type": "Spatial"}, row)
    with pytest.raises(ConfigError, match=r"questions\.jsonl:2"):
        read_reasoning(path)


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(ConfigError, match="nowhere"):
        read_reasoning(tmp_path / "nowhere.jsonl")


def test_scene_questions_are_seeded_and_balanced():
    samples = draw_scene_questions(7, 50)
    assert samples == draw_scene_questions(7, 50)
    assert samples != draw_scene_questions(8, 50)
    single = [sample.experts[0] for sample in samples if len(sample.experts) == 1]
    assert {kind: single.count(kind) for kind in KINDS} == dict.fromkeys(KINDS, 10)
    assert sum(len(sample.experts) == 2 for sample in samples) == 10


def test_a_question_of_two_types_is_shared_between_them():
    samples = [Sample("a", ("social",)), Sample("b", ("quantity", "spatial"))]
    np.testing.assert_array_equal(as_targets(samples, KINDS), [[0, 0, 0, 1], [0.5, 0.5, 0, 0]])
