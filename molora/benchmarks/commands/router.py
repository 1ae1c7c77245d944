"""`molora bench router`: how long a decision takes, by encoder."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from molora.benchmarks.commands.shared import ConfigOption, print_json
from molora.compat import mend_torch_companions
from molora.config import EncoderConfig
from molora.deployment import load_config

Data = Annotated[
    list[Path] | None, typer.Option(help="JSONL of labelled questions to fit heads to; else about demo scenes.")
]
Check = Annotated[list[Path] | None, typer.Option(help="JSONL of labelled questions to measure the heads on.")]


def router(  # noqa: PLR0913, PLR0917  # a command's options
    config: ConfigOption = Path("configs/demo.yaml"),
    data: Data = None,
    check: Check = None,
    questions: Annotated[int, typer.Option(min=2, help="Of a round.")] = 1000,
    rounds: Annotated[int, typer.Option(min=1)] = 5,
    output: Annotated[Path, typer.Option(dir_okay=False, help="Where the result goes.")] = Path(
        "build/bench/router.json"
    ),
) -> None:
    """Milliseconds alone on a core and questions a second: the default, its teacher, and the default with pictures."""
    mend_torch_companions()
    from molora.benchmarks.reporting.terminal import print_figures
    from molora.benchmarks.results import write_result
    from molora.benchmarks.router import report, speed
    from molora.benchmarks.router.heads import fit_head
    from molora.progress import Bars, make_progress
    from molora.router.distill.teacher import packaged_teacher

    console = Console()
    sections = {
        "default": EncoderConfig(),
        "all-MiniLM-L6-v2": EncoderConfig(text=packaged_teacher()),
        "default, and pictures": EncoderConfig(kind="sbert+image", image=Path(load_config(config).engine.model)),
    }
    with make_progress(Console(stderr=True)) as progress:
        bars = Bars(progress)
        fitted = {name: fit_head(section, data or [], check or [], bars) for name, section in sections.items()}
        measured: dict[str, list[speed.Speed]] = {name: [] for name in sections}
        for done in range(1, rounds + 1):
            for name, section in sections.items():
                measured[name].append(speed.measure(section, fitted[name].head, questions))
            bars("rounds", done, rounds)
    accuracies = {name: one.accuracy for name, one in fitted.items() if one.accuracy is not None}
    result = report.make_result(measured, accuracies, questions)
    write_result(result, output)
    print_figures(console, result.figures)
    print_json({"benchmark": "router", "seed": result.seed, "result": str(output)})
