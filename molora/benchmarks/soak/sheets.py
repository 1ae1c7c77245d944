"""The figures of a soak as tables, for a terminal and for Markdown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from molora.benchmarks.soak.counts import Counts
from molora.benchmarks.soak.drift import Drift
from molora.benchmarks.soak.figures import Figures, headline
from molora.benchmarks.soak.trend import Trend


@dataclass(frozen=True)
class Sheet:
    headings: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]

    def to_table(self) -> Table:
        table = Table(*self.headings)
        for row in self.rows:
            table.add_row(*row)
        return table

    def to_markdown(self) -> str:
        lines = [self.headings, ("---",) * len(self.headings), *self.rows]
        return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def print_tables(console: Console, figures: Figures) -> None:
    console.print(headline(figures))
    for sheet in make_sheets(figures):
        console.print(sheet.to_table())


def make_sheets(figures: Figures) -> list[Sheet]:
    return [
        _count_sheet(figures.counts),
        _trend_sheet("memory, MiB", figures.memory),
        _trend_sheet("open files", figures.files),
        _drift_sheet(figures.drifts),
    ]


def _count_sheet(counts: Counts) -> Sheet:
    rows = {
        "sent": f"{counts.sent:,}: " + _list(counts.by_kind),
        "answered": f"{counts.answered:,}",
        "refused, as bad ones are to be": f"{counts.refused:,}",
        "left by clients that did not wait": f"{counts.left:,}",
        "golden questions among them": f"{counts.golden:,}",
        "experts added and removed meanwhile": f"{counts.changes // 2:,}",
        "errors": _list(counts.faults) or "0",
        "at the end": _list(counts.at_the_end),
    }
    return Sheet(("requests", ""), list(rows.items()))


def _list(numbers: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {number:,g}" for name, number in numbers.items())


def _trend_sheet(what: str, trends: Sequence[Trend]) -> Sheet:
    headings = (what, "first", "after a third", "last", "from then on, an hour", "95 %")
    return Sheet(headings, [_trend_row(one) for one in trends])


def _trend_row(one: Trend) -> tuple[str, ...]:
    held = (f"{value:.0f}" for value in (one.first, one.settled, one.last))
    return (one.part, *held, f"{one.per_hour:+.1f}", f"{one.low:+.1f} to {one.high:+.1f}")


def _drift_sheet(drifts: Sequence[Drift]) -> Sheet:
    rows = [
        (f"{one.what}, p{one.percent}", f"{one.first_ms:.0f}", f"{one.last_ms:.0f}", f"{one.ratio:.2f}")
        for one in drifts
    ]
    return Sheet(("ms", "first third", "last third", "ratio"), rows)
