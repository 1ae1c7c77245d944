"""`molora router distill`: make a fast text encoder that imitates a slow one."""

import json
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from molora.files import making_folder
from molora.router.distill.plan import Plan

Data = Annotated[
    list[Path] | None,
    typer.Option(help="Questions like those to come: lines of text, or .jsonl of {question}; may be repeated."),
]


def distill(  # noqa: PLR0913, PLR0917  # a command's options
    output: Annotated[Path, typer.Argument(help="The folder to be made, for router.encoder.text.")],
    data: Data = None,
    scenes: Annotated[int, typer.Option(min=0, help="Questions about scenes of the demo world, too.")] = 0,
    teacher: Annotated[
        Path | None, typer.Option(help="A sentence-transformers folder; else all-MiniLM-L6-v2, of the extra 'train'.")
    ] = None,
    made_up: Annotated[int, typer.Option(min=0, help="Questions made up of the teacher's words.")] = Plan.made_up,
    pairs: Annotated[int, typer.Option(min=0, help="Of words with a vector of their own.")] = Plan.pairs,
    width: Annotated[int, typer.Option(min=1, help="Numbers in a word's vector.")] = Plan.width,
    hidden: Annotated[int, typer.Option(min=1)] = Plan.hidden,
    dim: Annotated[int, typer.Option(min=1, help="Numbers in a text's vector, the teacher's at most.")] = Plan.dim,
    epochs: Annotated[int, typer.Option(min=1)] = Plan.epochs,
    seed: Annotated[int, typer.Option(min=0, help="Same seed and machine, same encoder.")] = Plan.seed,
) -> None:
    """A question's words are looked up and not read: many times as fast, nearly the same vectors."""
    from molora.progress import Bars, make_progress
    from molora.router.distill.distill import distill
    from molora.router.distill.student import save_student
    from molora.router.distill.teacher import packaged_teacher
    from molora.router.distill.texts import read_texts
    from molora.router.encoders.sbert import SbertEncoder
    from molora.router.training.data import draw_scene_questions

    start = time.perf_counter()
    plan = Plan(seed=seed, made_up=made_up, pairs=pairs, width=width, hidden=hidden, dim=dim, epochs=epochs)
    drawn = [sample.query.text for sample in draw_scene_questions(seed, scenes)]
    texts, folder = [*read_texts(data or []), *drawn], teacher or packaged_teacher()
    with making_folder(output) as unfinished:
        with make_progress(Console(stderr=True)) as progress:
            made = distill(SbertEncoder(folder), folder, texts, plan, Bars(progress))
        save_student(made.student, unfinished)
    figures = {"num_texts": len(texts), "num_learnt": made.num_learnt, "num_held": made.num_held}
    size = sum(file.stat().st_size for file in output.rglob("*") if file.is_file())
    told = {**figures, "cosine": made.cosine, "bytes": size, "seed": seed, "distill_s": time.perf_counter() - start}
    typer.echo(json.dumps(told))
