"""`molora router train`: fit the router's head to labelled questions."""

import json
import time
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from molora.errors import ConfigError
from molora.router.training.plan import Method, Plan

if TYPE_CHECKING:
    from molora.router.encoders import Encoder
    from molora.router.training.data import Sample
    from molora.router.training.rows import BadRows
    from molora.router.training.train import Trained

NUM_SCENES = 4000

Data = Annotated[
    list[Path] | None, typer.Option("--data", "--reasoning", help="JSONL of labelled questions; may be repeated.")
]
Scenes = Annotated[
    int | None, typer.Option(min=0, help=f"About scenes of the demo world; {NUM_SCENES} if nothing else is given.")
]
Displays = Annotated[int, typer.Option(min=0, help="About screens, charts and scenes: the picture alone tells which.")]
Experts = Annotated[
    list[str] | None, typer.Option("--expert", help="An expert that labels may name; else those they do name.")
]
MaxBadRows = Annotated[int, typer.Option(min=0, help="Unreadable rows that may be skipped.")]


def train(  # noqa: PLR0913, PLR0917  # a command's options
    output: Annotated[Path, typer.Option(help="Where the head goes.")],
    data: Data = None,
    scenes: Scenes = None,
    displays: Displays = 0,
    expert: Experts = None,
    labels: Annotated[Method, typer.Option(help="What is done about wrong labels.")] = Plan.labels,
    balance: Annotated[
        bool, typer.Option(help="All experts count alike, however many questions they have.")
    ] = Plan.balance,
    epochs: Annotated[int, typer.Option(min=1)] = Plan.epochs,
    max_bad_rows: MaxBadRows = 10,
    tensorboard: Annotated[Path | None, typer.Option(help="A folder for TensorBoard's curves.")] = None,
    config: Annotated[Path | None, typer.Option(help="A deployment's YAML, for its router.encoder.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Same seed and machine, same head.")] = Plan.seed,
) -> None:
    """Fit a head over the frozen encoder, and its temperature to questions held out. A run that was broken off goes on
    where it was."""
    from molora.deployment import read_encoder
    from molora.router.encoders import build_encoder
    from molora.router.training.data import draw_display_questions, draw_scene_questions
    from molora.router.training.rows import BadRows

    start, bad, experts = time.perf_counter(), BadRows(max_bad_rows), list(dict.fromkeys(expert or []))
    encoder = build_encoder(read_encoder(config))
    if scenes is None:
        scenes = 0 if data or displays else NUM_SCENES
    drawn = draw_scene_questions(seed, scenes) + draw_display_questions(seed, displays)
    samples = _read_samples(data or [], drawn, experts, encoder, bad)
    plan = Plan(seed=seed, epochs=epochs, balance=balance, labels=labels)
    trained = _train(samples, experts, encoder, plan, output, tensorboard)
    figures = {"num_samples": len(samples), "num_bad_rows": bad.num, "seed": seed}
    typer.echo(json.dumps({**figures, **_tell(trained), "train_s": time.perf_counter() - start}))


def _read_samples(
    data: list[Path], drawn: "list[Sample]", experts: list[str], encoder: "Encoder", bad: "BadRows"
) -> "list[Sample]":
    from molora.router.training.rows import read_samples

    samples = read_samples(data, experts, bad, looks=encoder.looks) + drawn
    if not samples:
        raise ConfigError("no questions: give --data, --scenes or --displays")
    return samples


def _train(  # noqa: PLR0913, PLR0917  # a command's options
    samples: "list[Sample]", experts: list[str], encoder: "Encoder", plan: Plan, output: Path, tensorboard: Path | None
) -> "Trained":
    from molora.progress import Bars, make_progress
    from molora.router.head import save_head
    from molora.router.training.board import open_board, tell_all
    from molora.router.training.checkpoint import Checkpoint
    from molora.router.training.data import find_classes
    from molora.router.training.examples import make_examples
    from molora.router.training.train import train

    with open_board(tensorboard) as board, make_progress(Console(stderr=True)) as progress:
        bars = Bars(progress)
        examples = make_examples(samples, experts or find_classes(samples), encoder, partial(bars, "encode"))
        told = {"plan": asdict(plan), "encoder": encoder.digest, "examples": examples.digest()}
        checkpoint = Checkpoint(output.with_name(f"{output.name}.checkpoint"), told)
        trained = train(examples, encoder.digest, plan, tell_all(bars, *([board.on_step] if board else [])), checkpoint)
        if board:
            board.show(trained.held_out)
    save_head(trained.head, output)
    checkpoint.remove()
    return trained


def _tell(trained: "Trained") -> dict[str, Any]:
    from molora.router.head import NUMBERS

    numbers = {name: getattr(trained.head, name) for name in NUMBERS}
    held_out, labels = trained.held_out.to_dict(), trained.labels.to_dict()
    return {"classes": trained.head.classes, **numbers, "held_out": held_out, "labels": labels}
