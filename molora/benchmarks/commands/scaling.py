"""`molora bench scaling`: how speed grows with what there is more of."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from molora.benchmarks.commands.shared import ConfigOption, print_json
from molora.deployment import load_config

FACTOR = "concurrency, prompt, picture, experts or slots; or with its points, as experts=4,32. Repeatable; else all."


def scaling(  # noqa: PLR0913, PLR0917  # a command's options
    config: ConfigOption = Path("configs/demo.yaml"),
    factor: Annotated[list[str] | None, typer.Option(help=FACTOR)] = None,
    rounds: Annotated[int, typer.Option(min=1)] = 8,
    concurrency: Annotated[int, typer.Option(min=1, help="Clients, where they are not what changes.")] = 8,
    slots: Annotated[int, typer.Option(min=1, help="Of the engine, where they are not what changes.")] = 8,
    output: Annotated[Path, typer.Option(dir_okay=False, help="Raw records and logs lie beside it.")] = Path(
        "build/bench/scaling.json"
    ),
) -> None:
    """Throughput and TTFT against experts, slots, clients, prompt length and picture size."""
    from molora.benchmarks.reporting.terminal import print_figures
    from molora.benchmarks.results import write_result
    from molora.benchmarks.scaling import report
    from molora.benchmarks.scaling import scaling as bench
    from molora.benchmarks.scaling.points import Setting, read_factors
    from molora.benchmarks.scaling.samples import write_samples

    console, loaded = Console(), load_config(config)
    default = Setting(concurrency=concurrency, experts=len(loaded.experts), slots=slots)
    plan = bench.Plan(loaded, read_factors(factor or ()), default, rounds, output.parent / "scaling")
    measured = bench.measure(plan, console)
    write_samples(measured.samples, output.with_suffix(".jsonl"))
    limits = list(bench.name_limits(loaded, default, plan.factors))
    result = report.make_result(measured.samples, measured.tokens, bench.tell(plan, config), limits)
    write_result(result, output)
    print_figures(console, result.figures)
    console.print(*result.notes, sep="\n", markup=False)
    print_json({"benchmark": "scaling", "seed": result.seed, "result": str(output), "notes": list(result.notes)})
