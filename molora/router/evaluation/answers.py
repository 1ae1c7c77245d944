"""What the records of `molora bench quality` say of each expert and of each way to choose one."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from molora.benchmarks.metrics import share
from molora.benchmarks.quality.answer import Answer, accuracy
from molora.errors import ConfigError
from molora.router.training.rows import explain, read_lines

_ANSWER = TypeAdapter(Answer)


def read_answers(path: Path) -> list[Answer]:
    """Raises ConfigError that names the file and the line."""
    answers = [_read_answer(line, where) for where, line in read_lines(path)]
    if not answers:
        raise ConfigError(f"{path}: it holds no answers")
    return answers


def summarise(answers: Sequence[Answer]) -> dict[str, Any]:
    """Exact match: by who or what was asked (`arms`) and type of question, and within each arm by who answered."""
    arms = dict.fromkeys(answer.arm for answer in answers)
    return {"arms": accuracy(answers), "experts": {arm: _by_expert(answers, arm) for arm in arms}}


def _by_expert(answers: Sequence[Answer], arm: str) -> dict[str, float]:
    asked = [answer for answer in answers if answer.arm == arm]
    experts = sorted({answer.expert for answer in asked})
    return {name: share(answer.right for answer in asked if answer.expert == name) for name in experts}


def _read_answer(line: str, where: str) -> Answer:
    try:
        return _ANSWER.validate_json(line)
    except ValidationError as error:
        raise ConfigError(f"{where}: no answer of `molora bench quality`: {explain(error)}") from None
