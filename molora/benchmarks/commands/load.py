"""`molora bench load`: throughput and latency, side by side with plain vLLM."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from molora.benchmarks.commands.shared import ConfigOption, print_json
from molora.benchmarks.load.popularity import Popularity
from molora.benchmarks.results import write_result
from molora.deployment import load_config


def load(  # noqa: PLR0913, PLR0917  # a command's options
    config: ConfigOption = Path("configs/demo.yaml"),
    arm: Annotated[list[str] | None, typer.Option(help="May be repeated; else all.")] = None,
    concurrency: Annotated[list[int] | None, typer.Option(min=1, help="May be repeated; else 1, 8 and 32.")] = None,
    rate: Annotated[list[float] | None, typer.Option(min=0.1, help="Poisson arrival, a second; repeatable.")] = None,
    popularity: Annotated[Popularity, typer.Option(help="Of the experts.")] = Popularity.UNIFORM,
    per_picture: Annotated[int, typer.Option(min=1, help="Questions about each picture, at most.")] = 1,
    rounds: Annotated[int, typer.Option(min=1)] = 8,
    tokens: Annotated[int, typer.Option(min=0, help="Length of every answer; 0 lets answers end by themselves.")] = 16,
    slo_ttft_ms: Annotated[float, typer.Option(min=0, help="Goodput's bound on TTFT.")] = 500,
    slo_tpot_ms: Annotated[float, typer.Option(min=0, help="Goodput's bound on TPOT.")] = 100,
    output: Annotated[
        Path, typer.Option(file_okay=False, help="Folder of the result, raw time stamps and logs.")
    ] = Path("build/bench"),
) -> None:
    """Bare backbone, plain vLLM, Molora in each mode, and what one would do without it."""
    from molora.benchmarks.load import report
    from molora.benchmarks.load.arms import DEFAULT, pick_arms
    from molora.benchmarks.load.measure import measure
    from molora.benchmarks.load.plan import Plan
    from molora.benchmarks.load.servers import serving
    from molora.benchmarks.load.summary import Slo
    from molora.benchmarks.load.timing import Load, write_timings
    from molora.benchmarks.reporting.terminal import print_figures

    closed = [Load(concurrency=num) for num in concurrency or ([] if rate else [1, 8, 32])]
    loads = [*closed, *(Load(rate=one) for one in rate or [])]
    plan = Plan(list(load_config(config).experts), popularity, loads, rounds, tokens, per_picture)
    setup = report.Setup(config, plan, pick_arms(arm or DEFAULT), Slo(slo_ttft_ms, slo_tpot_ms))
    console = Console(file=sys.stdout)
    with serving(config, list(setup.arms.values()), output, console) as servers:
        urls = {name: server.url for name, server in servers.items()}
        measured = asyncio.run(measure(plan, setup.arms, urls, console))
        engine_bytes = {name: server.engine_bytes() for name, server in servers.items()}
    write_timings(measured.timings, output / "load.jsonl")
    result = report.make_result(setup, measured, engine_bytes)
    write_result(result, output / "load.json")
    print_figures(console, result.figures)
    print_json(report.summarise(result))
