"""`molora router annotate`: label questions with experts by a model behind any OpenAI-compatible endpoint."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

if TYPE_CHECKING:
    from molora.router.annotation.annotations import LabelFile, Question

LOCAL = "http://127.0.0.1:8000/v1"


def annotate(  # noqa: PLR0913, PLR0917  # a command's options
    questions: Annotated[Path, typer.Argument(help="JSONL of {question, image?}; image is a path beside the file.")],
    output: Annotated[Path, typer.Argument(help="JSONL of labels; those it holds already are not asked for again.")],
    model: Annotated[str, typer.Option(help="Who labels.")],
    experts: Annotated[Path, typer.Option(help="A deployment's YAML, or one of name: description.")],
    base_url: Annotated[str, typer.Option(help="Of the endpoint, with its version.")] = LOCAL,
    concurrency: Annotated[int, typer.Option(min=1, help="Questions asked at once.")] = 8,
) -> None:
    """Label questions for `molora router train`, with the key in OPENAI_API_KEY if any; a run that was broken off goes
    on where it was."""
    from molora.deployment import read_experts
    from molora.router.annotation.annotations import LabelFile, read_questions

    descriptions, asked = read_experts(experts), read_questions(questions)
    file, start = LabelFile(output, model), time.perf_counter()
    num_before = len(file.labels)
    num_refused = asyncio.run(_annotate(asked, file, base_url, descriptions, concurrency))
    figures = {"model": model, "num_labelled": len(file.labels) - num_before, "num_refused": num_refused}
    typer.echo(json.dumps(figures | _count(asked, file) | {"seconds": time.perf_counter() - start}))


async def _annotate(
    asked: "Sequence[Question]", file: "LabelFile", base_url: str, experts: Mapping[str, str], concurrency: int
) -> int:
    """The number of questions refused."""
    from molora.progress import Bars, make_progress
    from molora.router.annotation.annotate import Annotator, annotate, open_client

    async with open_client(base_url) as client:
        annotator = Annotator(client, file.model, experts)
        with make_progress(Console(stderr=True)) as progress:
            return await annotate(asked, file, annotator, concurrency, Bars(progress))


def _count(asked: "Sequence[Question]", file: "LabelFile") -> dict[str, Any]:
    """Of the questions asked, in this run and before."""
    counts = Counter(file.labels[question] for question in asked if question in file.labels)
    num_unclear = counts.pop(None, 0)
    return {"num_questions": len(asked), "num_unclear": num_unclear, "experts": dict(counts.most_common())}
