import json
from pathlib import Path

import pytest

from molora.benchmarks.quality.answer import accuracy, by_arm, by_column, write_answers
from tests.benchmarks.quality.rows import make_answer

ANSWERS = [
    make_answer("base", "spatial", right=False),
    make_answer("base", "quantity", right=True, index=1),
    make_answer("base", "quantity+social", right=False, index=2),
    make_answer("top1", "quantity", right=True, index=1, expert="quantity", gates={"quantity": 1.0}, router_ms=2.5),
    make_answer("top1", "spatial", right=True, index=0, expert="spatial"),
]


def test_all_is_over_questions_of_one_type_only() -> None:
    assert accuracy(ANSWERS)["base"] == {"spatial": 0.0, "quantity": 1.0, "all": 0.5, "two types": 0.0}


def test_a_column_that_nothing_is_in_is_not_there() -> None:
    assert accuracy(ANSWERS)["top1"] == {"spatial": 1.0, "quantity": 1.0, "all": 1.0}


def test_questions_without_a_type_count_under_all() -> None:
    assert list(by_column([make_answer("base", "", right=True)])) == ["all"]


def test_an_arms_answers_are_in_the_order_of_the_questions() -> None:
    assert [answer.index for answer in by_arm(ANSWERS)["top1"]] == [0, 1]


def test_every_answer_is_kept_with_its_decision(tmp_path: Path) -> None:
    file = tmp_path / "new" / "quality.jsonl"
    write_answers(ANSWERS, file)
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    assert len(rows) == len(ANSWERS)
    assert rows[2]["kinds"] == ["quantity", "social"]
    assert rows[3] == {
        "index": 1,
        "arm": "top1",
        "kinds": ["quantity"],
        "question": "How many?",
        "truth": "2",
        "answer": "2",
        "expert": "quantity",
        "gates": {"quantity": 1.0},
        "probabilities": None,
        "confidence": None,
        "source": "",
        "router_ms": 2.5,
        "logprob": 0.0,
        "right": True,
    }


@pytest.mark.parametrize(("said", "right"), [("Two.", True), ("the 2", True), ("12", False), ("", False)])
def test_right_is_what_exact_match_says(said: str, *, right: bool) -> None:
    answer = make_answer("base", "", right=True)
    assert type(answer)(**answer.__dict__ | {"answer": said}).right is right
