"""`molora bench overhead`: what Molora costs against plain vLLM."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from molora.benchmarks.commands.shared import ConfigOption, both_served, print_json


def overhead(
    config: ConfigOption = Path("configs/demo.yaml"),
    rounds: Annotated[int, typer.Option(min=1)] = 6,
    concurrency: Annotated[list[int] | None, typer.Option(min=1, help="May be repeated; else 1, 8 and 32.")] = None,
    tokens: Annotated[int, typer.Option(min=0, help="Length of every answer; 0 lets answers end by themselves.")] = 16,
    output: Annotated[Path, typer.Option(help="Where the raw time stamps are kept.")] = Path("build/overhead.jsonl"),
) -> None:
    """Molora with `model: auto` against plain `vllm serve` with the adapter named by hand."""
    from molora.benchmarks import overhead as bench

    console = Console()
    plans = list(bench.plan_rounds(rounds, concurrency or [1, 8, 32], tokens))
    with both_served(config, console) as (ours, theirs):
        timings = asyncio.run(bench.measure(ours.url, theirs.url, plans, console))
    bench.write_timings(timings, output)
    overheads = bench.compare_all(timings)
    bench.print_table(console, overheads)
    print_json(bench.summarise(overheads, tokens))
