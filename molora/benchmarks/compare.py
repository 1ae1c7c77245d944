"""What changed from one run of benchmarks to another, and whether beyond noise: `molora bench compare A B`."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from molora.benchmarks.reporting.contents import flatten
from molora.benchmarks.results import Figure, Result
from molora.errors import ConfigError


class Key(NamedTuple):
    """Where a figure stands."""

    benchmark: str
    group: str
    row: str
    column: str


class Verdict(StrEnum):
    """`CHANGED`: beyond noise where neither way is better. `UNKNOWN`: measured once on a side, so is its noise."""

    BETTER = "better"
    WORSE = "worse"
    CHANGED = "changed"
    WITHIN = "within noise"
    UNKNOWN = "no interval"


@dataclass(frozen=True)
class Change:
    key: Key
    a: Figure
    b: Figure

    @property
    def difference(self) -> float:
        """B less A."""
        return self.b.value - self.a.value

    @property
    def ratio(self) -> float | None:
        """B by A; None where that says nothing: they are not both positive."""
        return self.b.value / self.a.value if min(self.a.value, self.b.value) > 0 else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """95 % interval of the difference of two independent runs; None where one of them has none.

        Each run's half width stands for 1.96 standard errors, below and above by itself, and squares of half widths
        add up (Zou and Donner, 2008, "Construction of confidence limits about effect measures"). Runs that share what
        they ask differ less by chance than this takes them to.
        """
        a, b = self.a, self.b
        if a.low is None or a.high is None or b.low is None or b.high is None:
            return None
        down = math.hypot(b.value - b.low, a.high - a.value)
        up = math.hypot(b.high - b.value, a.value - a.low)
        return self.difference - down, self.difference + up

    @property
    def verdict(self) -> Verdict:
        if self.interval is None:
            return Verdict.UNKNOWN
        if self.interval[0] <= 0 <= self.interval[1]:
            return Verdict.WITHIN
        if self.b.better == "neither":
            return Verdict.CHANGED
        return Verdict.BETTER if (self.difference > 0) == (self.b.better == "higher") else Verdict.WORSE


@dataclass(frozen=True)
class Circumstance:
    """What was not the same when a benchmark ran; empty where one run had no such thing."""

    benchmark: str
    name: str
    a: str
    b: str


@dataclass(frozen=True)
class Comparison:
    changes: tuple[Change, ...]
    only_a: tuple[Key, ...]
    only_b: tuple[Key, ...]
    circumstances: tuple[Circumstance, ...]

    def count(self, verdict: Verdict) -> int:
        return sum(change.verdict is verdict for change in self.changes)


def compare(a: Sequence[Result], b: Sequence[Result]) -> Comparison:
    """In the order of A. Raises ConfigError where a side has a figure twice."""
    ours, theirs = _figures(a), _figures(b)
    return Comparison(
        tuple(Change(key, figure, theirs[key]) for key, figure in ours.items() if key in theirs),
        tuple(key for key in ours if key not in theirs),
        tuple(key for key in theirs if key not in ours),
        tuple(_all_circumstances(a, b)),
    )


def _figures(results: Sequence[Result]) -> dict[Key, Figure]:
    found: dict[Key, Figure] = {}
    for result in results:
        for figure in result.figures:
            key = Key(result.benchmark, figure.group, figure.row, figure.column)
            if key in found:
                raise ConfigError(f"there are two figures of {', '.join(key)}: a side has one result of a benchmark")
            found[key] = figure
    return found


def _all_circumstances(a: Sequence[Result], b: Sequence[Result]) -> Iterator[Circumstance]:
    for one in a:
        for other in b:
            if one.benchmark == other.benchmark:
                yield from _circumstances(one, other)


def _circumstances(one: Result, other: Result) -> Iterator[Circumstance]:
    ours, theirs = dict(flatten(_conditions(one))), dict(flatten(_conditions(other)))
    for name in dict.fromkeys([*ours, *theirs]):
        values = ours.get(name, ""), theirs.get(name, "")
        if values[0] != values[1]:
            yield Circumstance(one.benchmark, name, *values)


def _conditions(result: Result) -> dict[str, Any]:
    machine = result.machine.model_dump(mode="json")
    return {"seed": result.seed, "settings": result.settings, "machine": machine}
