import random
from pathlib import Path

import pytest

from molora.errors import ConfigError
from molora.router.distill.texts import find_pairs, make_questions, read_texts


def test_lines_and_questions_are_read_and_repeated_ones_stay(tmp_path: Path):
    lines, rows = tmp_path / "lines.txt", tmp_path / "rows.jsonl"
    lines.write_text("  Who waves?\n\nWho waves?\n")
    rows.write_text('{"question": " Where? ", "expert": "spatial"}\n')
    assert read_texts([lines, rows]) == ["Who waves?", "Who waves?", "Where?"]


def test_a_row_without_a_question_is_named(tmp_path: Path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"question": "Who?"}\n{"text": "Who?"}\n')
    with pytest.raises(ConfigError, match=r"rows\.jsonl:2: question"):
        read_texts([path])


def test_made_up_questions_are_of_the_words_and_the_same_for_the_same_seed():
    first, second, other = (make_questions(["Who?"], ["qqq", "rrr"], 30, random.Random(seed)) for seed in (1, 1, 2))
    assert first == second != other
    assert all("qqq" in question or "rrr" in question for question in first[::2])
    assert set(first[1::2]) == {"Who?", "qqq?", "rrr?"}


def test_pairs_are_common_and_of_words_side_by_side():
    texts = ["How many dogs?"] * 5 + ["how many, cats"] * 6 + ["many dogs bark"] * 4 + ["big, red"] * 9
    assert find_pairs(texts, 10) == ["how many"]
    assert find_pairs(texts, 0) == []
