"""What the records of `molora bench quality` say of each expert and of each way to choose one."""

import json
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from molora.benchmarks.metrics import share
from molora.benchmarks.quality_report import Answer, accuracy
from molora.errors import ConfigError
from molora.router.rows import read_lines


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
        row = json.loads(line)
        known = {field.name: row[field.name] for field in fields(Answer)}
        return Answer(**known | {"kinds": tuple(known["kinds"])})
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{where}: no answer of `molora bench quality`: {error!r}") from None
