"""`molora bench random-world`: a deployment with random weights."""

from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from molora.compat import mend_torch_companions

Model = Literal["qwen2-vl-2b", "qwen3-vl-8b"]


def random_world(  # noqa: PLR0913, PLR0917  # a command's options
    folder: Annotated[Path, typer.Argument(help="Made; must be empty.")],
    model: Annotated[Model, typer.Option(help="Whose sizes the backbone has.")] = "qwen2-vl-2b",
    experts: Annotated[int, typer.Option(min=1)] = 4,
    rank: Annotated[int, typer.Option(min=1)] = 16,
    layers: Annotated[int, typer.Option(min=0, help="Of language model and vision tower; 0: all of the model's.")] = 4,
    side: Annotated[int, typer.Option(min=56, help="Pictures of more pixels than its square are shrunk.")] = 448,
) -> None:
    """Write a deployment of a real model's sizes with random weights, to measure speed with."""
    mend_torch_companions()
    from molora.benchmarks.backbones import Name
    from molora.benchmarks.random_world import World, make_random_world

    world = World(Name(model), experts, rank, layers, side)
    Console().print(f"Written: {make_random_world(folder, world)}")
