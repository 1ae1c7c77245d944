"""`molora`: one OpenAI-compatible endpoint in front of a Qwen-VL backbone and its LoRA experts."""

import asyncio
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from molora.adapters.cli import app as adapters
from molora.benchmarks.cli import app as bench
from molora.config import Config
from molora.deployment import load_config
from molora.errors import MoloraError
from molora.router.cli import app as router
from molora.server.experts_cli import app as experts

app = typer.Typer(
    name="molora", help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)

# torch and vLLM are imported by the commands that need them, so that `molora --help` is instant.
app.add_typer(experts, name="experts")
app.add_typer(router, name="router")
app.add_typer(adapters, name="adapters")
app.add_typer(bench, name="bench")

DEMO = Path("configs/demo.yaml")
ConfigOption = Annotated[Path, typer.Option("--config", help="The deployment's YAML file.")]


def main() -> None:
    """The console script: a refusal is one clear line on stderr, and exit code 1."""
    try:
        app()
    except MoloraError as error:
        print(f"molora: {error.message}", file=sys.stderr)  # noqa: T201
        sys.exit(1)


@app.command()
def serve(
    config: ConfigOption = DEMO,
    host: Annotated[str | None, typer.Option(help="Instead of the configuration's.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Instead of the configuration's.")] = None,
) -> None:
    """Serve a deployment until SIGINT or SIGTERM."""
    from molora.server.serving import serve_until_signal

    changes = {name: value for name, value in {"host": host, "port": port}.items() if value is not None}
    serve_until_signal(load_config(config).model_copy(update=changes))


@app.command()
def route(
    question: Annotated[str, typer.Argument(help="What a client would ask.")],
    image: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="The picture beside it.")] = None,
    config: ConfigOption = DEMO,
) -> None:
    """Print the router's decision for one question, as JSON; no server and no engine are needed."""
    picture = None if image is None else image.read_bytes()
    decision = asyncio.run(_decide(load_config(config), question, picture))
    typer.echo(json.dumps(decision, indent=2))


@app.command()
def demo(
    config: ConfigOption = DEMO,
    questions: Annotated[int, typer.Option(min=1, help="How many to ask.")] = 12,
    output: Annotated[Path, typer.Option(help="Where the contact sheet goes.")] = Path("build/demo.png"),
) -> None:
    """Start a deployment, ask it real questions about real pictures, show who answered what."""
    from molora.server.demo import run_demo

    run_demo(config, questions, output, Console())


async def _decide(config: Config, question: str, image: bytes | None) -> Mapping[str, object]:
    from molora.router.query import Query, Wishes
    from molora.router.router import build_router
    from molora.server.media import decode_bytes

    pictures = () if image is None else (decode_bytes(image, config.media, "image"),)
    decider = build_router(config)
    await decider.start()
    try:
        return (await decider.route(Query(question, pictures), Wishes())).to_dict()
    finally:
        await decider.stop()
