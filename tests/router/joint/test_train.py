from dataclasses import replace
from pathlib import Path

import pytest
import torch

from molora.router.joint.asking import ask
from molora.router.joint.plan import Plan, Strengths
from molora.router.joint.train import Trainer
from molora.router.training.checkpoint import Checkpoint
from tests.router.joint.demo import make_material, make_parts

PLAN = Plan(steps=4, batch=4, check_every=2, rate=0.05, start=1.0, held_out=0.25)


def nothing(_step: int, _figures: dict[str, float]) -> None:
    pass


def run(folder: Path, plan: Plan = PLAN, num: int = 16) -> tuple[Trainer, dict[str, torch.Tensor]]:
    trainer = Trainer(make_parts(), make_material(num), plan)
    trainer.run(Checkpoint(folder / "run.checkpoint", {}), nothing)
    return trainer, dict(trainer.parts.state())


class Stopped(Exception):  # noqa: N818
    pass


def test_the_head_alone_learns_in_stage_two_and_answers_better(tmp_path: Path) -> None:
    plan = replace(PLAN, steps=12, check_every=4, held_out=0.5, strengths=Strengths(sharpen=0.0, balance=0.0))
    parts = make_parts()
    adapters = [parameter.clone() for parameter in parts.mixture.weights()]
    trainer = Trainer(parts, make_material(32), plan)
    progress = trainer.run(Checkpoint(tmp_path / "run.checkpoint", {}), nothing)
    assert progress.best_loss < progress.checks[0][1]
    assert ask(parts, trainer.held, plan.mode, 4).loss == pytest.approx(progress.best_loss, abs=1e-5)
    assert all(torch.equal(old, new) for old, new in zip(adapters, parts.mixture.weights(), strict=True))


def test_adapters_learn_too_in_stage_three(tmp_path: Path) -> None:
    parts = make_parts()
    adapters = [parameter.clone() for parameter in parts.mixture.weights()]
    plan = replace(PLAN, stage=3, steps=2, lora_rate=1e-4)
    progress = Trainer(parts, make_material(16), plan).run(Checkpoint(tmp_path / "run.checkpoint", {}), nothing)
    moved = [(progress.state[f"lora.{place}"] - old).abs().max().item() for place, old in enumerate(adapters)]
    assert min(moved) > 0
    assert max(moved) < 1e-3


@pytest.mark.parametrize("mode", ["soft", "top2", "gumbel"])
def test_a_run_that_was_cut_short_goes_on_as_if_it_had_not_been(tmp_path: Path, mode) -> None:
    plan = replace(PLAN, mode=mode)
    whole, state = run(tmp_path / "whole", plan)

    def stop(step: int, figures: dict[str, float]) -> None:
        if step == 3 and "temperature" in figures:
            raise Stopped

    checkpoint = Checkpoint(tmp_path / "cut" / "run.checkpoint", {})
    with pytest.raises(Stopped):
        Trainer(make_parts(), make_material(16), plan).run(checkpoint, stop)
    again = Trainer(make_parts(), make_material(16), plan)
    steps: list[int] = []
    again.run(checkpoint, lambda step, _: steps.append(step))
    assert steps[0] == 3
    assert all(torch.equal(tensor, again.parts.state()[name]) for name, tensor in state.items())
    assert whole.held.lessons == again.held.lessons


def test_it_ends_when_nothing_gets_better_and_hands_back_the_best(tmp_path: Path) -> None:
    steps: list[int] = []
    plan = replace(PLAN, steps=100, check_every=1, patience=2, rate=100.0, strengths=Strengths(sharpen=0.0))
    parts = make_parts()
    before = parts.state()
    progress = Trainer(parts, make_material(16), plan).run(
        Checkpoint(tmp_path / "run.checkpoint", {}), lambda step, _: steps.append(step)
    )
    assert progress.best_step + plan.patience == progress.step == max(steps)
    assert progress.step < 100
    if progress.best_step == 0:
        assert all(torch.equal(tensor, before[name]) for name, tensor in parts.state().items())
