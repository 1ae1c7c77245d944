"""`molora router mixtures`: how often the mixtures that heads choose answer right, and what the best could give."""

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from molora.config import Config
    from molora.router.features import Flags
    from molora.router.joint.comparison import Interval
    from molora.router.joint.examples import Lesson
    from molora.router.joint.study import Study

HEADS = "Head files, or folders of `tune --stage 3`; else the deployment's own. Others are held against the first."
UNSEEN_SEED = 2_000_000
"""Of the scenes to measure on: far from every seed used in training."""


def mixtures(  # noqa: PLR0913, PLR0917  # a command's options
    config: Annotated[Path, typer.Option(help="A deployment's YAML: its backbone, adapters and router.encoder.")],
    heads: Annotated[list[Path] | None, typer.Argument(help=HEADS)] = None,
    data: Annotated[
        list[Path] | None, typer.Option(help="JSONL of {question, image?, answer}; may be repeated.")
    ] = None,
    scenes: Annotated[int, typer.Option(min=0, help="Questions about unseen scenes, half of them of two types.")] = 0,
    fixed: Annotated[bool, typer.Option(help="Ask every expert and pair too, for what could be reached.")] = True,
    max_bad_rows: Annotated[int, typer.Option(min=0, help="Unreadable rows that may be skipped.")] = 10,
    device: Annotated[str, typer.Option(help="cuda answers in bfloat16.")] = "cpu",
    seed: Annotated[int, typer.Option(min=0, help="Of the unseen scenes.")] = UNSEEN_SEED,
    output: Annotated[Path | None, typer.Option(help="What it prints last, for `evaluate --mixtures`.")] = None,
) -> None:
    """Exact match of greedy answers under the gates of top1, top2 and soft, on the same questions."""
    from molora.deployment import load_config
    from molora.files import replacing
    from molora.router.joint.examples import gather_lessons

    deployment = load_config(config)
    lessons = gather_lessons(data or [], max_bad_rows, scenes, 0.5, seed)
    study = _ask(deployment, heads or [deployment.router.head], lessons, device, fixed=fixed)
    _print(study)
    told = json.dumps({"seed": seed, **study.to_dict()})
    if output:
        with replacing(output) as unfinished:
            unfinished.write_text(told + "\n", encoding="utf-8")
    typer.echo(told)


def _ask(deployment: "Config", heads: list[Path], lessons: "list[Lesson]", device: str, *, fixed: bool) -> "Study":
    from molora.progress import Bars, make_progress
    from molora.router.evaluation.naming import name_files
    from molora.router.joint.loading import find_device, load_material, load_parts
    from molora.router.joint.study import Study, ask_fixed, ask_head
    from molora.router.joint.tuned import read_tuned

    where = find_device(device)
    arms = {name: read_tuned(path, deployment) for name, path in zip(name_files(heads), heads, strict=True)}
    rights: dict[str, Flags] = {}
    with make_progress(Console(stderr=True)) as bar:
        bars = Bars(bar)
        for place, (arm, tuned) in enumerate(arms.items()):
            encoder = deployment.router.encoder
            material = load_material(encoder, tuned.head, lessons, partial(bars, "encode"))
            parts = load_parts(deployment.engine, tuned, where)
            rights |= ask_head(arm, parts, material, partial(bars, arm))
            if fixed and not place:
                classes = tuned.head.classes
                rights |= ask_fixed(parts, material, classes, partial(bars, "fixed"))
    return Study(tuple(arms), [lesson.kinds for lesson in lessons], rights)


def _print(study: "Study") -> None:
    console, groups = Console(), study.groups
    sizes = [f"{group} ({flags.sum()})" for group, flags in groups.items()]
    table = Table("mixture", *sizes, title="Right answers")
    for mixture, told in study.accuracies().items():
        table.add_row(mixture, *(f"{told[group]:.3f}" for group in groups))
    console.print(table)
    table = Table("mixture", "against", *groups, title="Difference, and its interval of 95 %")
    for (ours, theirs), differences in study.differences().items():
        table.add_row(ours, theirs, *(_tell(differences[group]) for group in groups))
    console.print(table)


def _tell(interval: "Interval") -> str:
    return f"{interval.mean:+.3f} [{interval.low:+.3f}, {interval.high:+.3f}]"
