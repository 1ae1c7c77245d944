"""`molora bench ...`: each measurement prints a table, and one JSON line last."""

import asyncio
import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from molora.benchmarks.serving import ServerProcess, molora_command, running
from molora.compat import mend_torch_companions
from molora.config import load_config

app = typer.Typer(help="Measure quality, overhead and the price of mixing.", no_args_is_help=True)

ConfigOption = Annotated[Path, typer.Option("--config", help="The deployment to measure.")]
LOGS = Path("build")
MOLORA_LOG = LOGS / "molora.log"


@app.command()
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


@app.command()
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


@app.command()
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


@app.command()
def lifecycle(  # noqa: PLR0913, PLR0917  # a command's options
    config: ConfigOption = Path("configs/demo.yaml"),
    experts: Annotated[int, typer.Option(min=16, help="Experts in the store.")] = 500,
    slots: Annotated[int, typer.Option(min=1, help="Of the engine; as many experts are the few.")] = 8,
    rounds: Annotated[int, typer.Option(min=1)] = 8,
    concurrency: Annotated[int, typer.Option(min=1)] = 8,
    every: Annotated[float, typer.Option(min=0, help="Seconds from one load to the next.")] = 1.0,
    output: Annotated[Path, typer.Option(help="Where the raw time stamps are kept.")] = Path("build/lifecycle.jsonl"),
) -> None:
    """Uploads, many more experts than slots, and loads beside traffic."""
    from molora.benchmarks import lifecycle as bench
    from molora.benchmarks import many_experts as many
    from molora.benchmarks.overhead import write_timings

    console, loaded = Console(), load_config(config)
    deployment = many.write_deployment(LOGS / "lifecycle", loaded, slots, experts + 1)
    names = [f"expert-{number}" for number in range(experts + 1)]
    *adapters, (coming, files) = many.make_adapters(loaded, names)
    with running(many.command(deployment), MOLORA_LOG, console) as server:
        administrator = many.Administrator(server.url)
        uploads = bench.upload_all(administrator, adapters, console)
        churn = bench.Churn(administrator, coming, files, every)
        targets = bench.make_targets(server.url, names[:experts], slots)
        timings = bench.measure(targets, rounds, concurrency, churn, console)
    write_timings(timings, output)
    told = bench.summarise(uploads, timings, experts, churn.num_loads)
    bench.print_table(console, told)
    print_json(told)


@app.command()
def soak(  # noqa: PLR0913, PLR0917  # a command's options
    config: ConfigOption = Path("configs/demo.yaml"),
    minutes: Annotated[float, typer.Option(min=0.5, help="Of traffic.")] = 30,
    rate: Annotated[float | None, typer.Option(min=0.1, help="Requests a second; else by the capacity.")] = None,
    share: Annotated[float, typer.Option(min=0.05, max=1.0, help="Of the capacity.")] = 0.8,
    concurrency: Annotated[int, typer.Option(min=1, help="Clients that find out the capacity.")] = 32,
    capacity_s: Annotated[float, typer.Option(min=1, help="Seconds in which they do.")] = 60,
    every: Annotated[float, typer.Option(min=1, help="Seconds from one expert that comes and goes to the next.")] = 30,
    docs: Annotated[Path | None, typer.Option(help="Folder whose soak.md is to have the figures.")] = None,
    output: Annotated[Path, typer.Option(help="Folder of the raw records.")] = Path("build/soak"),
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


@app.command()
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


@app.command()
def layer(repeats: Annotated[int, typer.Option(min=1)] = 20) -> None:
    """LoRA of one linear layer on this CPU: vLLM's way, all slots at once, adapter by adapter, and which is chosen."""
    mend_torch_companions()
    from molora.benchmarks import layer as bench

    console = Console()
    times = bench.measure(list(bench.make_cases()), repeats, console)
    bench.print_table(console, times)
    print_json(bench.summarise(times))


@app.command()
def random_world(
    folder: Annotated[Path, typer.Argument(help="Made; must be empty.")],
    experts: Annotated[int, typer.Option(min=1)] = 4,
    rank: Annotated[int, typer.Option(min=1)] = 16,
    layers: Annotated[int, typer.Option(min=1, help="Of the language model, and of the vision tower.")] = 4,
) -> None:
    """Write a deployment of Qwen2-VL-2B's sizes with random weights, to measure speed with."""
    mend_torch_companions()
    from molora.benchmarks.random_world import make_random_world

    Console().print(f"Written: {make_random_world(folder, experts, rank, layers)}")


@contextlib.contextmanager
def both_served(config: Path, console: Console) -> Iterator[tuple[ServerProcess, ServerProcess]]:
    """Molora and a plain vLLM with the same settings, up at once."""
    from molora.benchmarks.plain_vllm import vllm_command
    from molora.engine.vllm_config import engine_args

    deployment = load_config(config)
    theirs = vllm_command(deployment, engine_args(deployment))
    ours = molora_command(config)
    with running(theirs, LOGS / "vllm.log", console) as vllm, running(ours, MOLORA_LOG, console) as molora:
        yield molora, vllm


@contextlib.contextmanager
def served(config: Path, url: str | None, console: Console) -> Iterator[str]:
    """The address of a Molora server: the one given, else one started for the while."""
    if url:
        yield url.rstrip("/")
        return
    with running(molora_command(config), MOLORA_LOG, console) as server:
        yield server.url


def print_json(result: dict[str, Any]) -> None:
    typer.echo(json.dumps(result))
