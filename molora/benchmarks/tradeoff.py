"""Accuracy against throughput, mode by mode, of what `molora bench load` and `molora bench quality` found.

`molora bench tradeoff build/bench/load.json build/bench/quality.json`.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from molora.benchmarks.compare import Change, Key, Verdict
from molora.benchmarks.quality.answer import ALL, TWO
from molora.benchmarks.quality.figures import EXACT
from molora.benchmarks.results import Figure, Result
from molora.errors import ConfigError

BENCHMARK = "tradeoff"
SPEED = "questions/s"
COLUMNS = {ALL: "questions of one type", TWO: "questions of two types"}
"""Of exact match, and what is asked."""
ANSWERS_AS = {"manual": "oracle", "vllm": "oracle", "vllm-base": "base", "merged": "top2"}
"""Whose accuracy a mode has that was not asked itself."""
WHY = {
    "oracle": "the client names the expert of the question's type, of two types the first",
    "base": "it is the same backbone",
    "top2": "the same two experts, by gates rounded to those that were merged",
}


@dataclass(frozen=True)
class Mode:
    """`accuracies` by column, of the arm `answers_as`."""

    name: str
    answers_as: str
    speed: Figure
    accuracies: dict[str, Figure]


def combine(load: Result, quality: Result, concurrency: int) -> list[Mode]:
    """Modes whose speed and accuracy were both found. Raises ConfigError where there is none."""
    speeds, accuracies = find_speeds(load, concurrency), find_accuracies(quality)
    modes = [
        Mode(name, answers_as, speed, accuracies[answers_as])
        for name, speed in speeds.items()
        if (answers_as := name if name in accuracies else ANSWERS_AS.get(name, name)) in accuracies
    ]
    if not modes:
        raise ConfigError(f"no mode has both a throughput ({_list(speeds)}) and an accuracy ({_list(accuracies)})")
    return modes


def find_speeds(load: Result, concurrency: int) -> dict[str, Figure]:
    """By mode, in a closed loop of so many clients. Raises ConfigError where that was not measured."""
    wanted = re.compile(rf"\b{concurrency} clients?\b")
    measured = [figure for figure in load.figures if figure.column == SPEED]
    found = {figure.row: figure for figure in measured if wanted.search(figure.group)}
    if not found:
        raise ConfigError(f"no {SPEED} of {concurrency} clients: there are {_list(f.group for f in measured)}")
    return found


def find_accuracies(quality: Result) -> dict[str, dict[str, Figure]]:
    """By arm and column."""
    found: dict[str, dict[str, Figure]] = {}
    for figure in quality.figures:
        if figure.group == EXACT and figure.column in COLUMNS:
            found.setdefault(figure.row, {})[figure.column] = figure
    return found


def _list(names: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(names)) or "none"


def unbeaten(modes: Sequence[Mode], column: str) -> list[str]:
    """Modes than which no other is faster or more often right, beyond noise, without being worse at the other."""
    asked = [mode for mode in modes if column in mode.accuracies]
    return [mode.name for mode in asked if not any(_beats(other, mode, column) for other in asked)]


def _beats(other: Mode, mode: Mode, column: str) -> bool:
    key = Key(BENCHMARK, "", mode.name, column)
    pairs = ((mode.speed, other.speed), (mode.accuracies[column], other.accuracies[column]))
    verdicts = {Change(key, a, b).verdict for a, b in pairs}
    return Verdict.BETTER in verdicts and Verdict.WORSE not in verdicts
