"""`molora adapters`: make LoRA weights."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from molora.compat import mend_torch_companions
from molora.errors import BadRequest

app = typer.Typer(help="Make LoRA weights.", no_args_is_help=True)


@app.callback()
def adapters() -> None:
    """Keeps `build-demo` a command of its own name while it is the only one."""


@app.command()
def build_demo(
    output: Annotated[Path, typer.Argument(help="Where the backbone and the adapters go; finished ones are kept.")],
    seed: Annotated[int, typer.Option(help="Same seed and machine, same weights.")] = 0,
    scale: Annotated[float, typer.Option(min=0.0, help="Length of every stage, as a share of the full one.")] = 1.0,
    measured: Annotated[int, typer.Option(min=0, help="Unseen scenes a type to measure on; 0 for none.")] = 500,
) -> None:
    """Rebuild the demo world: a small Qwen2-VL from scratch, then one adapter for each reasoning type."""
    if (output / "backbone").exists() and not (output / "backbone" / "config.json").exists():
        raise BadRequest(f"{output / 'backbone'} is not a backbone", param="output")
    mend_torch_companions()
    from molora.adapters.demo_build.console import build_with_progress

    build_with_progress(output, seed, scale, measured)
