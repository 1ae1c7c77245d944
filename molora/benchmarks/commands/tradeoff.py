"""`molora bench tradeoff`: accuracy against throughput."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from molora.benchmarks.commands.shared import print_json


def tradeoff(
    load: Annotated[Path, typer.Argument(help="Of `molora bench load`.")] = Path("build/bench/load.json"),
    quality: Annotated[Path, typer.Argument(help="Of `molora bench quality`.")] = Path("build/bench/quality.json"),
    concurrency: Annotated[int, typer.Option(min=1, help="Clients of the closed loop.")] = 32,
    output: Annotated[Path, typer.Option(dir_okay=False, help="Its plots lie beside it.")] = Path(
        "build/bench/tradeoff.json"
    ),
) -> None:
    """Accuracy against throughput of every mode, in one plot."""
    from molora.benchmarks import tradeoff as bench
    from molora.benchmarks import tradeoff_report as told
    from molora.benchmarks.reporting.terminal import print_figures
    from molora.benchmarks.results import read_result, write_result

    console, measured = Console(), (read_result(load), read_result(quality))
    result = told.make_result(*measured, bench.combine(*measured, concurrency), concurrency)
    write_result(result, output)
    plots = told.write_plots(result, output)
    print_figures(console, result.figures)
    console.print(*result.notes, sep="\n", markup=False)
    print_json({"benchmark": bench.BENCHMARK, "result": str(output), "plots": [str(path) for path in plots]})
