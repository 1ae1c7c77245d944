"""The raw record of `molora bench quality`: JSON lines, one for each answer, with the decision behind it."""

import dataclasses
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from molora.benchmarks.metrics import is_right, share
from molora.files import replacing

ALL, TWO = "all", "two types"


@dataclass(frozen=True)
class Answer:
    """`arm` was asked, `expert` has the largest gate, `kinds` are the types the question needs, if they are known.

    `logprob`, in nats, is of all tokens of the answer; what else has a default is the response's `routing`.
    """

    index: int
    arm: str
    kinds: tuple[str, ...]
    question: str
    truth: str
    answer: str
    expert: str
    gates: Mapping[str, float] = field(default_factory=dict)
    probabilities: Mapping[str, float] | None = None
    confidence: float | None = None
    source: str = ""
    router_ms: float = 0.0
    logprob: float = 0.0

    @property
    def right(self) -> bool:
        return is_right(self.answer, self.truth)


def by_arm(answers: Iterable[Answer]) -> dict[str, list[Answer]]:
    """In order of index."""
    ordered = list(answers)
    arms = dict.fromkeys(a.arm for a in ordered)
    return {arm: sorted((a for a in ordered if a.arm == arm), key=lambda a: a.index) for arm in arms}


def by_column(answers: Sequence[Answer]) -> dict[str, list[Answer]]:
    """By type, then `all` of one type or none, then those of two types; without columns that nothing is in."""
    single = [a for a in answers if len(a.kinds) <= 1]
    types = dict.fromkeys(kind for a in single for kind in a.kinds)
    columns = {kind: [a for a in single if kind in a.kinds] for kind in types}
    columns |= {ALL: single, TWO: [a for a in answers if len(a.kinds) > 1]}
    return {column: ones for column, ones in columns.items() if ones}


def accuracy(answers: Sequence[Answer]) -> dict[str, dict[str, float]]:
    """Exact match by arm and column."""
    return {
        arm: {column: share(a.right for a in ones) for column, ones in by_column(asked).items()}
        for arm, asked in by_arm(answers).items()
    }


def write_answers(answers: Sequence[Answer], path: Path) -> None:
    lines = [json.dumps(dataclasses.asdict(answer) | {"right": answer.right}) for answer in answers]
    with replacing(path) as unfinished:
        unfinished.write_text("\n".join(lines) + "\n")
