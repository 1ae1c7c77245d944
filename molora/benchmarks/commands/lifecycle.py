"""`molora bench lifecycle`: experts that come and go."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from molora.benchmarks.commands.shared import LOGS, MOLORA_LOG, ConfigOption, print_json
from molora.benchmarks.serving import running
from molora.deployment import load_config


def lifecycle(  # noqa: PLR0913, PLR0917  # a command's options
    config: ConfigOption = Path("configs/demo.yaml"),
    experts: Annotated[int, typer.Option(min=16, help="Experts in the store.")] = 500,
    slots: Annotated[int, typer.Option(min=1, help="Of the engine; as many experts are the few.")] = 8,
    rounds: Annotated[int, typer.Option(min=1)] = 8,
    concurrency: Annotated[int, typer.Option(min=1)] = 8,
    every: Annotated[float, typer.Option(min=0, help="Seconds from one load to the next.")] = 1.0,
    output: Annotated[Path, typer.Option(dir_okay=False, help="Where the raw time stamps are kept.")] = Path(
        "build/lifecycle.jsonl"
    ),
) -> None:
    """Uploads, many more experts than slots, and loads beside traffic."""
    from molora.benchmarks import lifecycle as bench
    from molora.benchmarks import many_experts as many
    from molora.benchmarks.load.timing import write_timings

    console, loaded = Console(file=sys.stdout), load_config(config)
    deployment = many.write_deployment(LOGS / "lifecycle", loaded, slots, experts + 1)
    names = [f"expert-{number}" for number in range(experts + 1)]
    *adapters, (coming, files) = many.make_adapters(loaded, names)
    with running(many.command(deployment), MOLORA_LOG, console) as server:
        administrator = many.Administrator(server.url)
        uploads = bench.upload_all(administrator, adapters, console)
        churn = bench.Churn(administrator, coming, files, every)
        arms = bench.make_arms(server.url, names[:experts], slots)
        timings = bench.measure(arms, rounds, concurrency, churn, console)
    write_timings(timings, output)
    told = bench.summarise(uploads, timings, experts, churn.num_loads)
    bench.print_table(console, told)
    print_json(told)
