"""`molora bench soak`: mixed traffic for long."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from molora.benchmarks.commands.shared import MOLORA_LOG, ConfigOption, print_json
from molora.benchmarks.serving import running
from molora.deployment import load_config


def soak(  # noqa: PLR0913, PLR0917  # a command's options
    config: ConfigOption = Path("configs/demo.yaml"),
    minutes: Annotated[float, typer.Option(min=0.5, help="Of traffic.")] = 30,
    rate: Annotated[float | None, typer.Option(min=0.1, help="Requests a second; else by the capacity.")] = None,
    share: Annotated[float, typer.Option(min=0.05, max=1.0, help="Of the capacity.")] = 0.8,
    concurrency: Annotated[int, typer.Option(min=1, help="Clients that find out the capacity.")] = 32,
    capacity_s: Annotated[float, typer.Option(min=1, help="Seconds in which they do.")] = 60,
    every: Annotated[float, typer.Option(min=1, help="Seconds from one expert that comes and goes to the next.")] = 30,
    docs: Annotated[Path | None, typer.Option(help="Folder whose soak.md is to have the figures.")] = None,
    output: Annotated[Path, typer.Option(file_okay=False, help="Folder of the raw records.")] = Path("build/soak"),
) -> None:
    """Mixed traffic for long: memory, errors, latency, and whether any of them drifts."""
    from molora.benchmarks import many_experts as many
    from molora.benchmarks.soak import figures as told
    from molora.benchmarks.soak import soak as bench
    from molora.benchmarks.soak.newcomer import Newcomer
    from molora.benchmarks.soak.page import write_docs
    from molora.benchmarks.soak.sheets import print_tables

    console, loaded = Console(), load_config(config)
    deployment = many.write_deployment(output, loaded, len(loaded.experts) + 1, 1)
    plan = bench.Plan(60 * minutes, rate, share, concurrency, capacity_s, every)
    with running(many.command(deployment), MOLORA_LOG, console) as server:
        newcomer = Newcomer(many.Administrator(server.url), loaded)
        target = bench.Server(server.url, list(loaded.experts), server.processes, newcomer)
        soaked = asyncio.run(bench.soak(target, plan, console))
    bench.write_records(soaked, output)
    figures = told.figure(soaked)
    print_tables(console, figures)
    if docs:
        write_docs(docs, soaked, figures)
    print_json(told.summarise(figures))
