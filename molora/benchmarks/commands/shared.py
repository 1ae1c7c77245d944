"""What several commands need: servers for the while, and the one JSON line last."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from molora.benchmarks.serving import molora_command, running

ConfigOption = Annotated[Path, typer.Option("--config", help="The deployment to measure.")]
LOGS = Path("build")
MOLORA_LOG = LOGS / "molora.log"


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
