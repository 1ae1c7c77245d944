import json
from pathlib import Path

import pytest
from rich.console import Console

from molora.benchmarks.quality_report import (
    Answer,
    accuracy,
    add_oracle,
    print_table,
    routing_accuracy,
    summarise,
    write_answers,
)


def answer(arm: str, kinds: str, *, right: bool, expert: str | None = None) -> Answer:
    types = tuple(kinds.split("+"))
    return Answer(0, arm, types, "How many?", "2", "2" if right else "3", expert or arm)


ANSWERS = [
    answer("base", "spatial", right=False),
    answer("base", "quantity", right=False),
    answer("base", "quantity+social", right=False),
    answer("spatial", "spatial", right=True),
    answer("spatial", "quantity", right=False),
    answer("spatial", "quantity+social", right=False),
    answer("quantity", "spatial", right=False),
    answer("quantity", "quantity", right=True),
    answer("quantity", "quantity+social", right=True),
    answer("auto", "spatial", right=True, expert="spatial"),
    answer("auto", "quantity", right=False, expert="spatial"),
    answer("auto", "quantity+social", right=True, expert="social"),
]


def test_the_oracle_is_the_answer_of_the_expert_of_the_questions_first_type() -> None:
    oracle = [a for a in add_oracle(ANSWERS) if a.arm == "oracle"]
    assert [(a.kinds[0], a.expert, a.right) for a in oracle] == [
        ("spatial", "spatial", True),
        ("quantity", "quantity", True),
        ("quantity", "quantity", True),
    ]


def test_all_is_over_questions_of_one_type_only() -> None:
    rows = accuracy(add_oracle(ANSWERS))
    assert rows["auto"] == {"spatial": 1.0, "quantity": 0.0, "all": 0.5, "two types": 1.0}
    assert rows["oracle"]["all"] == 1.0
    assert rows["base"]["all"] == 0.0


def test_a_question_of_two_types_may_go_to_either_expert() -> None:
    assert routing_accuracy(ANSWERS) == {"spatial": 1.0, "quantity": 0.0, "all": 0.5, "two types": 1.0}


def test_every_answer_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "new" / "quality.jsonl"
    write_answers(ANSWERS, file)
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    assert len(rows) == len(ANSWERS)
    assert rows[3]["right"] is True
    assert rows[2]["kinds"] == ["quantity", "social"]


def test_table_and_summary_say_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(Console(width=120), add_oracle(ANSWERS))
    printed = capsys.readouterr().out
    summary = summarise(add_oracle(ANSWERS), 2, 7)
    for arm, row in summary["exact_match"].items():
        line = next(line for line in printed.splitlines() if f"│ {arm} " in line)
        assert f"{row['all']:.3f}" in line
    json.dumps(summary)
