"""What the answers of `molora bench quality` say, computed purely from them.

The oracle is put together from the experts' own answers: for each question, that of the expert of its (first) type.
"""

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from molora.benchmarks.metrics import is_right, share

ALL, TWO = "all", "two types"
AUTO, BASE, ORACLE = "auto", "base", "oracle"


@dataclass(frozen=True)
class Answer:
    """One row of the raw record. `expert` is the one that answered, `kinds` the reasoning types the question needs."""

    index: int
    arm: str
    kinds: tuple[str, ...]
    question: str
    truth: str
    answer: str
    expert: str

    @property
    def right(self) -> bool:
        return is_right(self.answer, self.truth)

    @property
    def column(self) -> str:
        return self.kinds[0] if len(self.kinds) == 1 else TWO


def add_oracle(answers: Sequence[Answer]) -> list[Answer]:
    """The answers, and for each question the one its own expert gave, once more under `oracle`."""
    own = [dataclasses.replace(a, arm=ORACLE) for a in answers if a.arm == a.kinds[0]]
    return [*answers, *own]


def accuracy(answers: Sequence[Answer]) -> dict[str, dict[str, float]]:
    """Exact match by arm and column; `all` is over the questions of one type."""
    return _by_arm(answers, [(a, a.right) for a in answers])


def routing_accuracy(answers: Sequence[Answer]) -> dict[str, float]:
    """By column: how often `auto` went to an expert of one of the question's types."""
    routed = [a for a in answers if a.arm == AUTO]
    return _by_arm(routed, [(a, a.expert in a.kinds) for a in routed])[AUTO]


def _by_arm(answers: Sequence[Answer], marks: Sequence[tuple[Answer, bool]]) -> dict[str, dict[str, float]]:
    arms = dict.fromkeys(a.arm for a in answers)
    return {arm: _by_column([(a, mark) for a, mark in marks if a.arm == arm]) for arm in arms}


def _by_column(marks: Sequence[tuple[Answer, bool]]) -> dict[str, float]:
    columns = dict.fromkeys(a.column for a, _ in marks)
    by_column = {column: share(mark for a, mark in marks if a.column == column) for column in columns}
    two = {TWO: by_column.pop(TWO)} if TWO in by_column else {}
    return {**by_column, ALL: share(mark for a, mark in marks if a.column != TWO), **two}


def write_answers(answers: Sequence[Answer], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(dataclasses.asdict(answer) | {"right": answer.right}) for answer in answers]
    path.write_text("\n".join(lines) + "\n")


def print_table(console: Console, answers: Sequence[Answer]) -> None:
    rows = accuracy(answers) | {"routed right": routing_accuracy(answers)}
    columns = list(rows[AUTO])
    table = Table("arm", *columns, title="Exact match")
    for arm, row in rows.items():
        table.add_row(arm, *(f"{row[column]:.3f}" for column in columns))
    console.print(table)


def summarise(answers: Sequence[Answer], num_scenes: int, seed: int) -> dict[str, Any]:
    """The one JSON line that ends the benchmark."""
    return {
        "benchmark": "quality",
        "scenes": num_scenes,
        "seed": seed,
        "exact_match": _rounded(accuracy(answers)),
        "routing_accuracy": _rounded({AUTO: routing_accuracy(answers)})[AUTO],
    }


def _rounded(rows: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    return {arm: {column: round(value, 4) for column, value in row.items()} for arm, row in rows.items()}
