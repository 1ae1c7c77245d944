"""`molora bench mixing`: what mixing costs."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from molora.benchmarks.commands.shared import ConfigOption, both_served, print_json
from molora.config import load_config


def mixing(
    config: ConfigOption = Path("configs/demo.yaml"),
    rounds: Annotated[int, typer.Option(min=1)] = 24,
    concurrency: Annotated[int, typer.Option(min=1)] = 32,
    tokens: Annotated[int, typer.Option(min=0, help="Length of every answer; 0 lets answers end by themselves.")] = 8,
    output: Annotated[Path, typer.Option(help="Where the raw time stamps are kept.")] = Path("build/mixing.jsonl"),
) -> None:
    """Bare backbone, one expert, two, all of them; and one expert on plain vLLM."""
    from molora.benchmarks import mixing as bench
    from molora.benchmarks.load import run_turns
    from molora.benchmarks.overhead import write_timings

    console = Console()
    with both_served(config, console) as (ours, theirs):
        targets = bench.make_targets(ours.url, theirs.url, list(load_config(config).experts))
        turns = list(bench.plan_turns(targets, rounds, concurrency, tokens))
        timings = asyncio.run(run_turns(turns, console))
        memory = bench.Memory(ours.engine_bytes(), theirs.engine_bytes())
    write_timings(timings, output)
    ratios = bench.compare_arms(timings)
    bench.print_table(console, ratios, memory)
    print_json(bench.summarise(ratios, memory, timings, tokens))
