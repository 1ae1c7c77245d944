"""`molora router agreement`: how far annotators agree on the questions they all labelled."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from molora.errors import ConfigError

if TYPE_CHECKING:
    from molora.router.annotation.agreement import Agreement, Labels, Wording


def agreement(
    files: Annotated[list[Path], typer.Argument(help="Two or more of `molora router annotate`, or labelled by hand.")],
) -> None:
    """Cohen's kappa, confusion, and the wordings that are labelled differently most often."""
    from molora.router.annotation.agreement import compare, find_disputed

    annotators = _read(files)
    pairs = {(a, b): compare(annotators[a], annotators[b]) for a, b in combinations(annotators, 2)}
    disputed = find_disputed(list(annotators.values()))
    _print(pairs, disputed, list(annotators))
    told = [{"annotators": pair, **asdict(found)} for pair, found in pairs.items()]
    typer.echo(json.dumps({"pairs": told, "disputed": [wording._asdict() for wording in disputed]}))


def _read(files: list[Path]) -> "Mapping[str, Labels]":
    """By file's name. Raises ConfigError for one that has no question in common with another."""
    from molora.router.annotation.agreement import find_labels
    from molora.router.evaluation.naming import name_files
    from molora.router.training.rows import BadRows, read_samples

    if len(files) < 2:
        raise ConfigError("agreement is between two files or more")
    paths = [file.parent.resolve() / file.name for file in files]  # the same pictures by the same paths
    labels = [find_labels(read_samples([path], (), BadRows(0), looks=False)) for path in paths]
    annotators = dict(zip(name_files(files), labels, strict=True))
    for (one, ours), (other, theirs) in combinations(annotators.items(), 2):
        if not ours.keys() & theirs.keys():
            raise ConfigError(f"{other}: it labels no question that {one} labels")
    return annotators


def _print(pairs: "Mapping[tuple[str, str], Agreement]", disputed: "list[Wording]", names: list[str]) -> None:
    console = Console()
    table = Table("one", "other", "questions", "agree", "kappa", title="Agreement")
    for (one, other), found in pairs.items():
        kappa = "-" if found.kappa is None else f"{found.kappa:.3f}"
        table.add_row(one, other, str(found.num), f"{found.agreement:.3f}", kappa)
    console.print(table)
    for (one, other), found in pairs.items():
        console.print(_confusion(one, other, found))
    table = Table("question begins", "questions", "disputed", *names, title="Labelled differently, and mostly how")
    for wording in disputed:
        table.add_row(wording.opening, str(wording.num), str(wording.num_disputed), *wording.labels)
    console.print(table)


def _confusion(one: str, other: str, found: "Agreement") -> Table:
    table = Table(rf"{one} \ {other}", *found.confusion)
    for name, row in found.confusion.items():
        table.add_row(name, *map(str, row.values()))
    return table
