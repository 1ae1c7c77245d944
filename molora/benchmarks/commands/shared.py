"""What several commands need: servers for the while, and the one JSON line last."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from molora.benchmarks.serving import ServerProcess, molora_command, running
from molora.config import load_config

ConfigOption = Annotated[Path, typer.Option("--config", help="The deployment to measure.")]
LOGS = Path("build")
MOLORA_LOG = LOGS / "molora.log"


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
