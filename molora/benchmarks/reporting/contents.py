"""What a report holds, in order: the trade-off first, then the other results, then the machines they came from."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from molora.benchmarks.reporting.plots import describe, draw
from molora.benchmarks.reporting.tables import Table, make_tables
from molora.benchmarks.results import Machine, Plot, Result

HEADLINE = "tradeoff"
"""The benchmark that a report begins with."""


@dataclass(frozen=True)
class Drawing:
    """`name` is unique in a report, and fit for a file."""

    name: str
    plot: Plot
    svg: str
    alt: str


@dataclass(frozen=True)
class Chapter:
    """One result; `name` as of a drawing."""

    name: str
    result: Result
    tables: tuple[Table, ...]
    drawings: tuple[Drawing, ...]

    @property
    def settings(self) -> list[tuple[str, str]]:
        return list(flatten(self.result.settings))

    @property
    def is_headline(self) -> bool:
        return self.result.benchmark == HEADLINE


@dataclass(frozen=True)
class Host:
    """A machine, and the titles of what ran on it."""

    machine: Machine
    titles: tuple[str, ...]


@dataclass(frozen=True)
class Report:
    title: str
    chapters: tuple[Chapter, ...]
    hosts: tuple[Host, ...]
    names: tuple[str, ...]
    """Of all that is drawn."""


def compose(title: str, results: Sequence[Result]) -> Report:
    ordered = sorted(results, key=lambda result: result.benchmark != HEADLINE)
    names = tuple(dict.fromkeys(line.name for result in ordered for plot in result.plots for line in plot.lines))
    chapters = tuple(_compose_chapter(f"result-{number}", result, names) for number, result in enumerate(ordered, 1))
    return Report(title, chapters, tuple(_hosts(ordered)), names)


def _compose_chapter(name: str, result: Result, names: Sequence[str]) -> Chapter:
    drawings = [
        Drawing(f"{name}-plot-{number}", plot, draw(plot, f"{name}-plot-{number}", names), describe(plot))
        for number, plot in enumerate(result.plots, 1)
    ]
    return Chapter(name, result, tuple(make_tables(result.figures)), tuple(drawings))


def _hosts(results: Sequence[Result]) -> Iterator[Host]:
    machines: list[Machine] = []
    for result in results:
        if result.machine not in machines:
            machines.append(result.machine)
    for machine in machines:
        yield Host(machine, tuple(result.title for result in results if result.machine == machine))


def flatten(settings: dict[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """Nested keys by dots; text as it is, any other value as JSON."""
    for key, value in settings.items():
        name = f"{above}{key}"
        if isinstance(value, dict) and value:
            yield from flatten(value, f"{name}.")
        else:
            yield name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
