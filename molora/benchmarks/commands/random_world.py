"""`molora bench random-world`: a deployment with random weights."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from molora.compat import mend_torch_companions


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
