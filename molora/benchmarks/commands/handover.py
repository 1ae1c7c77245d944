"""`molora bench handover`: picture embeddings handed over."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from molora.benchmarks.commands.shared import ConfigOption, print_json
from molora.compat import mend_torch_companions
from molora.deployment import load_config


def handover(
    config: ConfigOption = Path("configs/demo.yaml"),
    rounds: Annotated[int, typer.Option(min=2)] = 40,
    batch: Annotated[list[int] | None, typer.Option(min=1, help="May be repeated; else 1 and 8.")] = None,
    tokens: Annotated[list[int] | None, typer.Option(min=1, help="Of an answer; as often, or 1 and 8.")] = None,
    side: Annotated[int, typer.Option(min=28, max=448, help="Of the pictures, in pixels; a multiple of 28.")] = 112,
) -> None:
    """What an engine would save that takes the router's picture embeddings."""
    mend_torch_companions()
    from molora.benchmarks import handover as bench
    from molora.benchmarks import handover_report as report

    console, loaded = Console(), load_config(config)
    plans = list(bench.plan_turns(rounds, batch or [1, 8], tokens or [1, 8], side))
    turns = asyncio.run(bench.measure(loaded, plans, side, console))
    figures = report.figure(turns, trained=bench.is_trained(loaded))
    report.print_table(console, figures)
    print_json(report.summarise(figures, side, rounds))
