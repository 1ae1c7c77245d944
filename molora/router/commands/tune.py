"""`molora router tune`: train a head further by the answers that its gates lead to, and the adapters too if asked."""

import json
import time
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from molora.router.joint.plan import Mode, Plan, Strengths

if TYPE_CHECKING:
    from molora.config import Config
    from molora.router.joint.examples import Lesson
    from molora.router.joint.parts import Material, Parts
    from molora.router.joint.progress import Progress
    from molora.router.joint.tuned import Tuned

WEIGHTS = Strengths()


def tune(  # noqa: PLR0913, PLR0917  # a command's options
    config: Annotated[Path, typer.Option(help="A deployment's YAML: its backbone, adapters and router.encoder.")],
    output: Annotated[Path, typer.Option(help="The new head; of stage 3 a new folder of head and adapters.")],
    head: Annotated[Path | None, typer.Option(help="Where it begins, else at the deployment's own.")] = None,
    data: Annotated[
        list[Path] | None, typer.Option(help="JSONL of {question, image?, answer}; may be repeated.")
    ] = None,
    scenes: Annotated[int, typer.Option(min=0, help="Questions about the demo world's scenes.")] = 0,
    two_types: Annotated[float, typer.Option(min=0, max=1, help="Share of scenes' questions that need two.")] = 0.5,
    stage: Annotated[int, typer.Option(min=2, max=3, help="2: the head learns. 3: the adapters too.")] = Plan.stage,
    mode: Annotated[Mode, typer.Option(help="How gates are made; gumbel draws one expert.")] = Plan.mode,
    steps: Annotated[int, typer.Option(min=1)] = Plan.steps,
    batch: Annotated[int, typer.Option(min=1)] = Plan.batch,
    rate: Annotated[float, typer.Option(min=0, help="Of the head.")] = Plan.rate,
    lora_rate: Annotated[float, typer.Option(min=0, help="Of the adapters.")] = Plan.lora_rate,
    start: Annotated[float, typer.Option(min=0.01, help="The gates' first temperature; the last is 1.")] = Plan.start,
    sharpen: Annotated[float, typer.Option(min=0, help="Weight of the gates' entropy.")] = WEIGHTS.sharpen,
    keep: Annotated[float, typer.Option(min=0, help="Weight of the divergence from the first head.")] = WEIGHTS.keep,
    balance: Annotated[float, typer.Option(min=0, help="Weight of what brings unused experts back.")] = WEIGHTS.balance,
    max_bad_rows: Annotated[int, typer.Option(min=0, help="Unreadable rows that may be skipped.")] = 10,
    tensorboard: Annotated[Path | None, typer.Option(help="A folder for TensorBoard's curves.")] = None,
    device: Annotated[str, typer.Option(help="cuda answers in bfloat16.")] = "cpu",
    seed: Annotated[int, typer.Option(min=0, help="Same seed and machine, same head.")] = Plan.seed,
) -> None:
    """Stages 2 and 3 of the router's training, after `molora router train`. A run that was broken off goes on where it
    was."""
    from molora.deployment import load_config
    from molora.router.joint.examples import gather_lessons
    from molora.router.joint.tuned import check_absent, read_tuned

    begun = time.perf_counter()
    if stage == 3:
        check_absent(output)
    deployment = load_config(config)
    tuned = read_tuned(head or deployment.router.head, deployment)
    lessons = gather_lessons(data or [], max_bad_rows, scenes, two_types, seed)
    strengths = replace(WEIGHTS, sharpen=sharpen, keep=keep, balance=balance)
    plan = Plan(
        seed=seed,
        stage=3 if stage == 3 else 2,
        mode=mode,
        steps=steps,
        batch=batch,
        rate=rate,
        lora_rate=lora_rate,
        start=start,
        strengths=strengths,
    )
    progress = _train(deployment, tuned, lessons, plan, output, device, tensorboard)
    figures = {"num_lessons": len(lessons), **_tell(progress), "train_s": time.perf_counter() - begun}
    typer.echo(json.dumps({"plan": asdict(plan), **figures}))


def _train(  # noqa: PLR0913, PLR0917  # a command's options
    deployment: "Config",
    tuned: "Tuned",
    lessons: "list[Lesson]",
    plan: Plan,
    output: Path,
    device: str,
    tensorboard: Path | None,
) -> "Progress":
    from molora.progress import Bars, make_progress
    from molora.router.joint.loading import find_device, load_material, load_parts
    from molora.router.joint.monitor import monitor
    from molora.router.joint.train import Trainer
    from molora.router.training.checkpoint import Checkpoint

    where = find_device(device)
    with make_progress(Console(stderr=True)) as bar:
        bars = Bars(bar)
        encoder = deployment.router.encoder
        material = load_material(encoder, tuned.head, lessons, partial(bars, "encode"))
        parts = load_parts(deployment.engine, tuned, where)
        checkpoint = Checkpoint(output.with_name(f"{output.name}.checkpoint"), _describe(plan, tuned, material, device))
        with monitor(bars, plan, tensorboard) as on_step:
            progress = Trainer(parts, material, plan).run(checkpoint, on_step)
    _save(tuned, parts, plan, output)
    checkpoint.remove()
    return progress


def _describe(plan: Plan, tuned: "Tuned", material: "Material", device: str) -> dict[str, Any]:
    return {"plan": asdict(plan), "device": device, "tuned": tuned.digest(), "material": material.digest()}


def _save(tuned: "Tuned", parts: "Parts", plan: Plan, output: Path) -> None:
    """References, level and scale stay: they are of the encoder's vectors, which are what they were."""
    from molora.router.head import save_head
    from molora.router.joint.tuned import write_tuned

    head = replace(tuned.head, weights={**tuned.head.weights, **parts.network.weights()})
    if plan.stage == 2:
        save_head(head, output)
    else:
        write_tuned(head, dict(zip(head.classes, parts.mixture.adapters(), strict=True)), output)


def _tell(progress: "Progress") -> dict[str, Any]:
    """`checks` on held-out questions: steps done, loss, share of right answers."""
    return {name: getattr(progress, name) for name in ("best_step", "best_loss", "checks")}
