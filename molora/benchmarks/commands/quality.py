"""`molora bench quality`: answers on unseen scenes."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from molora.benchmarks.commands.shared import ConfigOption, print_json, served
from molora.config import load_config


def quality(
    config: ConfigOption = Path("configs/demo.yaml"),
    scenes: Annotated[int, typer.Option(min=4, help="Questions of one type; a quarter as many of two.")] = 2000,
    concurrency: Annotated[int, typer.Option(min=1)] = 32,
    url: Annotated[str | None, typer.Option(help="A server that runs already; none starts one.")] = None,
    output: Annotated[Path, typer.Option(help="Where every answer is kept.")] = Path("build/quality.jsonl"),
) -> None:
    """Exact match on unseen scenes: backbone, each expert, routed, oracle."""
    from molora.benchmarks import quality as bench
    from molora.benchmarks import quality_report as report

    console = Console()
    arms = [report.BASE, *load_config(config).experts, report.AUTO]
    examples = bench.draw_examples(scenes)
    with served(config, url, console) as address:
        answers = asyncio.run(bench.collect(address, arms, examples, concurrency))
    answers = report.add_oracle(answers)
    report.write_answers(answers, output)
    report.print_table(console, answers)
    print_json(report.summarise(answers, scenes, bench.SEED))
