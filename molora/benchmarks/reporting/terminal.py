"""Figures as tables in a terminal, one a group; the best of a column stands out."""

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table as Grid

from molora.benchmarks.reporting.tables import Cell, Table, make_tables
from molora.benchmarks.results import Figure


def print_figures(console: Console, figures: Sequence[Figure]) -> None:
    for table in make_tables(figures):
        console.print(_make_grid(table))


def _make_grid(table: Table) -> Grid:
    grid = Grid("", *map(escape, table.columns), title=escape(table.group))
    for row in table.rows:
        grid.add_row(escape(row.name), *("\n".join(map(_write, cells)) for cells in row.cells))
    return grid


def _write(cell: Cell) -> str:
    value = escape(" ".join(filter(None, (cell.value, cell.unit))))
    interval = f" [dim]({cell.interval})[/dim]" if cell.interval else ""
    return (f"[bold]{value}[/bold]" if cell.mark == "best" else value) + interval
