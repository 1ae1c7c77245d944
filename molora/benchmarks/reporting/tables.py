"""Figures of one group as a table: rows by columns, in the order in which they came, the best of a column marked."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from molora.benchmarks.reporting.numbers import write_interval, write_value
from molora.benchmarks.results import Figure

T = TypeVar("T")


@dataclass(frozen=True)
class Cell:
    """`mark` is "best", "tied" (its interval reaches that of the best) or empty; `unit` is here or in the heading."""

    value: str
    interval: str
    unit: str
    mark: str


@dataclass(frozen=True)
class Row:
    """A list of cells for each column, mostly of one."""

    name: str
    cells: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Table:
    group: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]

    @property
    def is_marked(self) -> bool:
        return any(cell.mark for row in self.rows for cells in row.cells for cell in cells)


def make_tables(figures: Sequence[Figure]) -> list[Table]:
    groups = _unique(figure.group for figure in figures)
    return [make_table(group, [figure for figure in figures if figure.group == group]) for group in groups]


def make_table(group: str, figures: Sequence[Figure]) -> Table:
    names = _unique(figure.column for figure in figures)
    columns = [[figure for figure in figures if figure.column == name] for name in names]
    rows = [
        Row(name, tuple(_make_cells([f for f in column if f.row == name], column) for column in columns))
        for name in _unique(figure.row for figure in figures)
    ]
    return Table(group, tuple(_head(column) for column in columns), tuple(rows))


def _make_cells(figures: Sequence[Figure], column: Sequence[Figure]) -> tuple[Cell, ...]:
    best = find_best(column)
    return tuple(
        Cell(write_value(f), write_interval(f), "" if _unit(column) else f.unit, _mark(f, best)) for f in figures
    )


def find_best(column: Sequence[Figure]) -> Figure | None:
    """None where the figures are of different kinds or nothing says what is better, or where all are equal."""
    kinds = {(figure.better, figure.unit) for figure in column}
    if len(kinds) > 1 or column[0].better == "neither" or len({figure.value for figure in column}) < 2:
        return None
    choose = max if column[0].better == "higher" else min
    return choose(column, key=lambda figure: figure.value)


def _mark(figure: Figure, best: Figure | None) -> str:
    if best is None:
        return ""
    if figure.value == best.value:
        return "best"
    return "tied" if _overlap(figure, best) else ""


def _overlap(one: Figure, other: Figure) -> bool:
    if one.low is None or one.high is None or other.low is None or other.high is None:
        return False
    return one.low <= other.high and other.low <= one.high


def _head(column: Sequence[Figure]) -> str:
    name, unit = column[0].column, _unit(column)
    return f"{name}, {unit}" if unit and unit != name else name


def _unit(column: Sequence[Figure]) -> str:
    """That of all of them, else empty."""
    units = {figure.unit for figure in column}
    return units.pop() if len(units) == 1 else ""


def _unique(values: Iterable[T]) -> list[T]:
    return list(dict.fromkeys(values))
