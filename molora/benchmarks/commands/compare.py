"""`molora bench compare`: two runs, figure by figure."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from molora.benchmarks.commands.shared import print_json


def compare(
    a: Annotated[Path, typer.Argument(help="A result, or a folder of them.")],
    b: Annotated[Path, typer.Argument(help="Another, mostly a later one.")],
    fail_on_worse: Annotated[bool, typer.Option("--fail-on-worse", help="Exit code 1 where a figure is.")] = False,
) -> None:
    """What changed from A to B, and whether beyond noise."""
    from molora.benchmarks import compare as bench
    from molora.benchmarks import compare_report as told
    from molora.benchmarks.reading import read_results

    found = bench.compare(read_results([a]), read_results([b]))
    told.print_comparison(Console(), found)
    print_json(told.summarise(found))
    if fail_on_worse and found.count(bench.Verdict.WORSE):
        raise typer.Exit(1)
