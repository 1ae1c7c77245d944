"""What `molora router evaluate` prints."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from molora.router.evaluation.heads import Measured
from molora.router.evaluation.measures import Report
from molora.router.evaluation.mixtures import Rights

FIGURES = {"accuracy": "acc.", "macro_f1": "F1", "top2_recall": "top2", "ece": "ECE", "nll": "NLL", "aurc": "AURC"}
"""Of a report, with their headings."""
MIXED = {"top2": "top2 gate", "soft": "soft gate"}
"""Modes whose gates for a question's own expert say more than accuracy does."""


def print_tables(console: Console, measured: Sequence[Measured], answers: Mapping[str, Any] | None) -> None:
    for one in measured:
        console.print(_make_confusion(one.name, one.evaluation.report))
    console.print(_make_comparison(measured))
    if any(one.foreign for one in measured):
        console.print(_make_foreign(measured))
    if answers:
        console.print(_make_grid("Exact match by type of question", "asked", answers["arms"]))
        console.print(_make_grid("Exact match by who answered", "asked", answers["experts"]))


def _make_confusion(name: str, report: Report) -> Table:
    title = f"{name}: accuracy {report.accuracy:.4f} on {report.num} questions, calibration error {report.ece:.3f}"
    table = Table("true \\ chosen", *report.confusion, "recall", title=title)
    for expert, row in report.confusion.items():
        table.add_row(expert, *map(str, row.values()), f"{report.recall[expert]:.3f}")
    return table


def _make_comparison(measured: Sequence[Measured]) -> Table:
    """With right answers beside it, where they are known."""
    asked = list(dict.fromkeys(place for one in measured for place in _list_rights(one.rights)))
    columns = ("head", "input", *FIGURES.values(), *MIXED.values(), *(f"{mode}, {group}" for mode, group in asked))
    table = Table(*columns, title="What each head makes of each part of a question", box=SIMPLE_HEAD)
    for one in measured:
        for part, row, rights in one.rows():
            figures = [getattr(row.report, name) for name in FIGURES] + [row.own_gates[mode] for mode in MIXED]
            figures += [rights[mode][group] for mode, group in asked] if rights else []
            table.add_row(one.name, part, *(f"{figure:.3f}" for figure in figures))
    return table


def _list_rights(rights: Rights | None) -> list[tuple[str, str]]:
    """Modes, and how many types were needed."""
    return [(mode, group) for mode, groups in (rights or {}).items() for group in groups]


def _make_foreign(measured: Sequence[Measured]) -> Table:
    columns = ("head", "rate", "foreign", "sent to base", "own", "false alarms", "AUROC")
    table = Table(*columns, title="Questions that belong to nobody")
    for one in measured:
        if (found := one.foreign) is not None:
            caught, alarms = f"{found.sent_to_base:.4f}", f"{found.false_alarms:.4f}"
            foreign, own = (str(found.num_foreign), caught), (str(found.num_own), alarms)
            table.add_row(one.name, f"{found.rate:g}", *foreign, *own, f"{found.auroc:.4f}")
    return table


def _make_grid(title: str, corner: str, rows: Mapping[str, Mapping[str, float]]) -> Table:
    """Rows may lack columns."""
    columns = list(dict.fromkeys(name for row in rows.values() for name in row))
    table = Table(corner, *columns, title=title)
    for name, row in rows.items():
        table.add_row(name, *(f"{row[column]:.3f}" if column in row else "" for column in columns))
    return table
