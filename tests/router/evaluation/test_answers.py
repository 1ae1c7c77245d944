import json
from pathlib import Path

import pytest

from molora.benchmarks.quality.answer import Answer, write_answers
from molora.errors import ConfigError
from molora.router.evaluation.answers import read_answers, summarise


def answer(arm: str, kind: str, expert: str, *, right: bool) -> Answer:
    return Answer(0, arm, (kind,), "How many?", "2", "2" if right else "3", expert)


ANSWERS = [
    answer("auto", "spatial", "spatial", right=True),
    answer("auto", "spatial", "quantity", right=False),
    answer("auto", "quantity", "quantity", right=True),
    answer("base", "spatial", "base", right=False),
]


def test_exact_match_is_by_who_was_asked_and_by_who_answered():
    told = summarise(ANSWERS)
    assert told["arms"]["auto"] == {"spatial": 0.5, "quantity": 1.0, "all": pytest.approx(2 / 3)}
    assert told["experts"] == {"auto": {"spatial": 1.0, "quantity": 0.5}, "base": {"base": 0.0}}


def test_answers_are_read_as_they_were_written(tmp_path: Path):
    write_answers(ANSWERS, tmp_path / "answers.jsonl")
    assert read_answers(tmp_path / "answers.jsonl") == ANSWERS


@pytest.mark.parametrize(
    ("text", "fault"), [("{}", "answers.jsonl:1: no answer"), ("nothing", ":1: no answer"), ("", "holds no answers")]
)
def test_what_is_no_file_of_answers_is_refused(tmp_path: Path, text: str, fault: str):
    (tmp_path / "answers.jsonl").write_text(text)
    with pytest.raises(ConfigError, match=fault):
        read_answers(tmp_path / "answers.jsonl")


def test_records_of_before_decisions_were_kept_are_read(tmp_path: Path):
    row = {"index": 3, "arm": "auto", "kinds": ["spatial"], "question": "Where?", "truth": "left", "answer": "Left."}
    (tmp_path / "answers.jsonl").write_text(json.dumps(row | {"expert": "spatial", "right": True}))
    (read,) = read_answers(tmp_path / "answers.jsonl")
    assert (read.right, read.gates, read.probabilities) == (True, {}, None)
