"""`molora bench quality`: answers on unseen scenes, or on a published data set."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from molora.benchmarks.commands.shared import ConfigOption, print_json, served
from molora.deployment import load_config

SEED = 90_210_000
"""Far from every seed used in training."""


def quality(  # noqa: PLR0913, PLR0917  # a command's options
    config: ConfigOption = Path("configs/demo.yaml"),
    data: Annotated[str, typer.Option(help="demo, easy-vqa, daquar=FILE or vqa-rad=FILE.")] = "demo",
    scenes: Annotated[
        int, typer.Option("--scenes", "--questions", min=4, help="At most; of the demo a quarter more, of two types.")
    ] = 2000,
    instruction: Annotated[str, typer.Option(help="A line below each question, such as to answer briefly.")] = "",
    tokens: Annotated[int, typer.Option(min=1, help="Of an answer, at most.")] = 16,
    concurrency: Annotated[int, typer.Option(min=1)] = 32,
    max_bad_rows: Annotated[int, typer.Option(min=0, help="Rows of the data that may be left out.")] = 10,
    url: Annotated[str | None, typer.Option(help="A server that runs already; none starts one.")] = None,
    output: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help="The result; every answer is kept beside it. Else build/bench/quality.json."),
    ] = None,
) -> None:
    """Backbone, experts, top1, top2, soft, uniform, random and oracle: exact match by type, text metrics, routing."""
    from molora.benchmarks.quality import summary
    from molora.benchmarks.quality.answer import write_answers
    from molora.benchmarks.quality.arms import add_chosen, make_arms
    from molora.benchmarks.quality.asking import Asking, collect
    from molora.benchmarks.quality.data import parse_source, read_items
    from molora.benchmarks.quality.figures import figure
    from molora.benchmarks.quality.measuring import measure_texts
    from molora.benchmarks.results import write_result
    from molora.router.training.rows import BadRows

    console, experts = Console(), list(load_config(config).experts)
    source, bad, arms = parse_source(data), BadRows(max_bad_rows), make_arms(experts)
    items = read_items(source, scenes, SEED, bad)
    with served(config, url, console) as address:
        asked = asyncio.run(collect(address, arms, items, Asking(concurrency, tokens, instruction)))
    answers = add_chosen(asked, experts, SEED)
    scores, notes = measure_texts(answers, source.name)
    told = {"questions": len(items), "bad_rows": bad.num, "instruction": instruction, "tokens": tokens}
    settings = {"data": source.name, **told, "config": config.name}
    figures = figure(answers, scores, experts)
    result = summary.make_result(source.name, figures, notes, settings, SEED)
    path = output or Path("build/bench") / f"{result.benchmark}.json"
    write_answers(answers, path.with_suffix(".jsonl"))
    write_result(result, path)
    summary.print_tables(console, figures)
    console.print(*result.notes, sep="\n")
    print_json(summary.summarise(result))
