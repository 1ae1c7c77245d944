"""`molora router`: make and measure the router's head; one JSON line comes last."""

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from molora.errors import ConfigError
from molora.progress import Bars, make_progress

if TYPE_CHECKING:
    from molora.router.data import Sample
    from molora.router.evaluate import Report

app = typer.Typer(help="Make and measure the router's head.", no_args_is_help=True)

UNSEEN_SEED = 1_000_000
"""Of the scenes to measure on: far from every seed used in training."""

Reasoning = Annotated[Path | None, typer.Option(help="JSONL of {question, reasoning_type}.")]
EncoderFolder = Annotated[Path | None, typer.Option(help="Instead of the packaged all-MiniLM-L6-v2.")]


@app.command()
def train(
    output: Annotated[Path, typer.Option(help="Where the head goes.")],
    reasoning: Reasoning = None,
    scenes: Annotated[int, typer.Option(min=0, help="Questions about the demo world's scenes.")] = 4000,
    seed: Annotated[int, typer.Option(min=0, help="Same seed and machine, same head.")] = 0,
    encoder: EncoderFolder = None,
) -> None:
    """Fit a head over the frozen encoder, and fit its temperature to questions held out."""
    samples = _read_samples(reasoning, scenes, seed, two_types=True)
    from molora.benchmarks.questions import KINDS
    from molora.router.encoders import SbertEncoder
    from molora.router.head import NUMBERS, save_head
    from molora.router.train import Plan, train

    start = time.perf_counter()
    with make_progress(Console(stderr=True)) as progress:
        head, report = train(samples, KINDS, SbertEncoder(encoder), Plan(seed), Bars(progress))
    save_head(head, output)
    figures = {"held_out": report.to_dict(), "train_s": time.perf_counter() - start}
    numbers = {name: getattr(head, name) for name in NUMBERS}
    typer.echo(json.dumps({"num_samples": len(samples), "seed": seed, **numbers, **figures}))


@app.command()
def evaluate(
    head: Annotated[Path, typer.Option(help="A file of `molora router train`.")],
    reasoning: Reasoning = None,
    scenes: Annotated[int, typer.Option(min=0, help="Questions of one type about unseen scenes.")] = 0,
    seed: Annotated[int, typer.Option(min=0, help="Of the unseen scenes.")] = UNSEEN_SEED,
    encoder: EncoderFolder = None,
) -> None:
    """Accuracy, confusion and calibration of a head."""
    samples = _read_samples(reasoning, scenes, seed, two_types=False)
    from molora.router.encoders import SbertEncoder
    from molora.router.evaluate import evaluate
    from molora.router.head import load_head

    report = evaluate(load_head(head), SbertEncoder(encoder), samples)
    Console().print(_make_table(report))
    typer.echo(json.dumps(report.to_dict()))


def _read_samples(reasoning: Path | None, scenes: int, seed: int, *, two_types: bool) -> "list[Sample]":
    from molora.router.data import TWO_TYPE_SHARE, draw_scene_questions, read_reasoning

    samples = read_reasoning(reasoning) if reasoning else []
    samples += draw_scene_questions(seed, scenes, TWO_TYPE_SHARE if two_types else 0.0)
    if not samples:
        raise ConfigError("no questions: give --reasoning, --scenes or both")
    return samples


def _make_table(report: "Report") -> Table:
    title = f"accuracy {report.accuracy:.4f} on {report.num} questions, calibration error {report.ece:.3f}"
    table = Table("true \\ chosen", *report.confusion, "recall", title=title)
    for name, row in report.confusion.items():
        table.add_row(name, *map(str, row.values()), f"{report.recall[name]:.3f}")
    return table
