"""`molora router evaluate`: figures, curves and ablations of one head, or of several side by side."""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from molora.errors import ConfigError
from molora.router.commands.train import Data, Displays, MaxBadRows

if TYPE_CHECKING:
    from molora.router.evaluation.heads import Candidate, Measured, ReadSamples, Strangers
    from molora.router.training.data import Sample

UNSEEN_SEED = 1_000_000
"""Of what to measure on: far from every seed used in training."""

Configs = Annotated[
    list[Path] | None, typer.Option("--config", help="A deployment's YAML, for its router: one, or one for each head.")
]


def evaluate(  # noqa: PLR0913, PLR0917  # a command's options
    head: Annotated[list[Path], typer.Option(help="Of `molora router train` or `tune`; may be repeated, to compare.")],
    config: Configs = None,
    data: Data = None,
    scenes: Annotated[int, typer.Option(min=0, help="Questions of one type about unseen scenes.")] = 0,
    displays: Displays = 0,
    seed: Annotated[int, typer.Option(min=0, help="Of the unseen scenes and displays.")] = UNSEEN_SEED,
    foreign: Annotated[Path | None, typer.Option(help="JSONL of {question, image?} that belong to nobody.")] = None,
    answers: Annotated[Path | None, typer.Option(help="Records of `molora bench quality`, for exact match.")] = None,
    mixtures: Annotated[Path | None, typer.Option(help="Of `molora router mixtures` with these heads.")] = None,
    max_bad_rows: MaxBadRows = 10,
    output: Annotated[Path | None, typer.Option(help="Folder for report.json and the pictures.")] = None,
) -> None:
    """Accuracy, calibration, risk and coverage, gates, and what text and picture are good for."""
    from molora.router.evaluation.answers import read_answers, summarise
    from molora.router.evaluation.mixtures import read_mixtures
    from molora.router.evaluation.naming import name_files
    from molora.router.evaluation.report import prepare, write_report
    from molora.router.evaluation.tables import print_tables
    from molora.router.training.data import draw_display_questions, draw_scene_questions

    if not (data or scenes or displays):
        raise ConfigError("no questions: give --data, --scenes or --displays")
    if output:
        prepare(output)
    exact = summarise(read_answers(answers)) if answers else None
    rights = read_mixtures(mixtures, name_files(head)) if mixtures else [None] * len(head)
    drawn = draw_scene_questions(seed, scenes, 0.0) + draw_display_questions(seed, displays)
    read = _make_reader(data or [], drawn, max_bad_rows)
    measured = _measure(_pair(head, config or []), read, _read_strangers(foreign, config))
    measured = [replace(one, rights=right) for one, right in zip(measured, rights, strict=True)]
    print_tables(Console(), measured, exact)
    if output:
        write_report(measured, exact, output)
    typer.echo(json.dumps(_tell(measured) | ({"answers": exact} if exact else {})))


def _pair(heads: Sequence[Path], configs: Sequence[Path]) -> "list[Candidate]":
    from molora.deployment import read_encoder
    from molora.router.evaluation.heads import Candidate

    if len(configs) not in {0, 1, len(heads)}:
        raise ConfigError(f"--config: {len(configs)} for {len(heads)} heads: give one for all, or one for each")
    sections = [read_encoder(config) for config in configs] or [read_encoder(None)]
    each = sections * (len(heads) // len(sections))
    return [Candidate(*pair) for pair in zip(heads, each, strict=True)]


def _make_reader(data: Sequence[Path], drawn: "list[Sample]", max_bad_rows: int) -> "ReadSamples":
    from molora.router.training.rows import BadRows, read_samples

    def read(classes: Sequence[str], looks: bool) -> "list[Sample]":
        samples = read_samples(data, classes, BadRows(max_bad_rows), looks=looks) + drawn
        if not samples:
            raise ConfigError("no questions: --data holds none")
        return samples

    return read


def _read_strangers(path: Path | None, configs: Sequence[Path] | None) -> "Strangers | None":
    """At the false alarm rate of the first deployment."""
    from molora.deployment import read_policy
    from molora.router.annotation.annotations import read_questions
    from molora.router.evaluation.heads import Strangers
    from molora.router.query import Query
    from molora.router.training.data import Sample

    if path is None:
        return None
    samples = [Sample(Query(question.text), {}, question.image) for question in read_questions(path)]
    if not samples:
        raise ConfigError(f"{path}: it holds no questions")
    return Strangers(samples, read_policy(configs[0] if configs else None).false_alarms)


def _measure(candidates: "Sequence[Candidate]", read: "ReadSamples", strangers: "Strangers | None") -> "list[Measured]":
    from molora.progress import Bars, make_progress
    from molora.router.evaluation.heads import measure_heads

    with make_progress(Console(stderr=True)) as progress:
        return measure_heads(candidates, read, strangers, Bars(progress))


def _tell(measured: "Sequence[Measured]") -> dict[str, Any]:
    """The first head's figures, and the table of all."""
    table = [
        {"head": one.name, "input": part, **row.to_dict()} | ({"rights": rights} if rights else {})
        for one in measured
        for part, row, rights in one.rows()
    ]
    foreign = {one.name: asdict(one.foreign) for one in measured if one.foreign}
    return measured[0].evaluation.report.to_dict() | {"table": table} | ({"foreign": foreign} if foreign else {})
