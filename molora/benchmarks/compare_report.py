"""A comparison as tables for a terminal, and as the one JSON line."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from molora.benchmarks.compare import Change, Comparison, Key, Verdict
from molora.benchmarks.reporting.numbers import write_interval, write_number, write_value
from molora.benchmarks.results import Figure

STYLES = {Verdict.BETTER: "green", Verdict.WORSE: "red", Verdict.CHANGED: "yellow"}


def print_comparison(console: Console, found: Comparison) -> None:
    for (benchmark, group), changes in groupby(found.changes, lambda change: change.key[:2]):
        console.print(_make_table(f"{benchmark}: {group}", list(changes)))
    for name, keys in (("A", found.only_a), ("B", found.only_b)):
        if keys:
            console.print(_list_keys(f"Figures of {name} alone", keys))
    if found.circumstances:
        console.print(_list_circumstances(found))
    console.print(conclude(found))


def conclude(found: Comparison) -> str:
    """In words; chance alone passes one figure in twenty off as changed."""
    counts = [f"{found.count(verdict)} {verdict}" for verdict in Verdict]
    judged = len(found.changes) - found.count(Verdict.UNKNOWN)
    by_chance = f"of {judged} with intervals about {judged / 20:.0f} would be beyond noise by chance"
    return f"{len(found.changes)} figures: {', '.join(counts)}; {by_chance}."


def _make_table(title: str, changes: Sequence[Change]) -> Table:
    table = Table("", "", "A", "B", "B / A", "B - A, 95 %", "", title=escape(title))
    for change in changes:
        cells = [change.key.row, change.key.column, _write(change.a), _write(change.b), _ratio(change)]
        table.add_row(*map(escape, [*cells, _difference(change), change.verdict]), style=STYLES.get(change.verdict))
    return table


def _write(figure: Figure) -> str:
    value = " ".join(filter(None, (write_value(figure), figure.unit)))
    return f"{value} ({write_interval(figure)})" if write_interval(figure) else value


def _ratio(change: Change) -> str:
    return "" if change.ratio is None else f"{change.ratio:.3f}"


def _difference(change: Change) -> str:
    if change.interval is None:
        return write_number(change.difference)
    low, high = change.interval
    told = Figure(group="", row="", column="", value=change.difference, low=low, high=high)
    return f"{write_value(told)} ({write_interval(told)})"


def _list_keys(title: str, keys: Sequence[Key]) -> Table:
    table = Table("benchmark", "group", "row", "column", title=title)
    for key in keys:
        table.add_row(*map(escape, key))
    return table


def _list_circumstances(found: Comparison) -> Table:
    table = Table("benchmark", "what", "A", "B", title="Not the same in both")
    for one in found.circumstances:
        table.add_row(*map(escape, (one.benchmark, one.name, one.a, one.b)))
    return table


def summarise(found: Comparison) -> dict[str, Any]:
    """The one JSON line that ends the comparison."""
    return {
        "benchmark": "compare",
        "figures": len(found.changes),
        "verdicts": {str(verdict): found.count(verdict) for verdict in Verdict},
        "only_a": len(found.only_a),
        "only_b": len(found.only_b),
        "changes": [_tell(change) for change in found.changes if change.verdict in STYLES],
        "not_the_same": [f"{one.benchmark}: {one.name}" for one in found.circumstances],
    }


def _tell(change: Change) -> dict[str, Any]:
    values = {"a": change.a.value, "b": change.b.value, "difference": change.difference, "interval": change.interval}
    return {**change.key._asdict(), **values, "verdict": str(change.verdict)}
