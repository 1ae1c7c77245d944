"""Trains the router by the answers that its gates lead to. Command: `molora router tune`.

Stage 2: backbone and adapters are frozen, the head alone learns. Stage 3: the adapters learn too, slowly.
Of all states that are held against questions kept apart, the first among them, the best is handed back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch
from torch import nn

from molora.router.joint.asking import HeldOut, ask, read_answers
from molora.router.joint.gating import find_gates, find_temperature
from molora.router.joint.losses import Losses, combine, find_answer_loss
from molora.router.joint.parts import Material, Parts, Rows
from molora.router.joint.plan import Plan
from molora.router.joint.progress import Progress, read_progress
from molora.router.training.checkpoint import Checkpoint

OnStep = Callable[[int, dict[str, float]], None]
"""Told the steps done, and figures of the last one by name."""


class Trainer:
    """Every step draws from a seed of its own: a run that was cut short goes on as if it had not been."""

    def __init__(self, parts: Parts, material: Material, plan: Plan) -> None:
        self.parts, self.plan = parts, plan
        order = np.random.default_rng(plan.seed).permutation(len(material.lessons))
        num_held = max(1, round(plan.held_out * len(order)))
        self.held, self.rest = material.take(order[:num_held]), material.take(order[num_held:])
        with torch.no_grad():
            self._before = parts.route(*self.rest)
        self._optimizer = _make_optimizer(parts, plan)

    def run(self, checkpoint: Checkpoint, on_step: OnStep) -> Progress:
        """Leaves the best state in `parts`."""
        progress = read_progress(checkpoint) or self._begin(on_step)
        self.parts.restore(progress.state)
        if progress.optimizer is not None:
            self._optimizer.load_state_dict(progress.optimizer)
        while progress.step < self.plan.steps and progress.waited < self.plan.patience:
            end = min(progress.step + self.plan.check_every, self.plan.steps)
            for step in range(progress.step, end):
                on_step(step + 1, self._step(step))
            progress = self._check(progress, end, on_step)
            checkpoint.write(progress._asdict())
        self.parts.restore(progress.best)
        return progress

    def _begin(self, on_step: OnStep) -> Progress:
        held, state = self._ask(0, on_step), self.parts.state()
        return Progress(0, state, None, state, held.loss, 0, 0, [(0, *held)])

    def _check(self, progress: Progress, step: int, on_step: OnStep) -> Progress:
        held, state = self._ask(step, on_step), self.parts.state()
        checks = [*progress.checks, (step, *held)]
        now = progress._replace(step=step, state=state, optimizer=self._optimizer.state_dict(), checks=checks)
        if held.loss < progress.best_loss:
            return now._replace(best=state, best_loss=held.loss, best_step=step, waited=0)
        return now._replace(waited=progress.waited + 1)

    def _ask(self, step: int, on_step: OnStep) -> HeldOut:
        held = ask(self.parts, self.held, self.plan.mode, self.plan.batch)
        on_step(step, {"held_out/loss": held.loss, "held_out/accuracy": held.accuracy})
        return held

    def _step(self, step: int) -> dict[str, float]:
        rows = self._draw(step)
        some, before = self.rest.take(rows), self._before[torch.from_numpy(rows)]
        temperature = find_temperature(step, self.plan.steps, self.plan.start)
        torch.manual_seed(self.plan.seed * 1_000_003 + step)
        loaded, logits = self.parts.load(some.lessons), self.parts.route(*some)
        said = read_answers(self.parts.mixture, loaded, find_gates(logits, temperature, self.plan.mode))
        losses = combine(find_answer_loss(said, loaded.answers), logits, before, self.plan.strengths)
        self._descend(losses, step)
        terms = {f"loss/{name}": value.item() for name, value in losses._asdict().items()}
        return {**terms, "temperature": temperature}

    def _draw(self, step: int) -> Rows:
        """Rows of the step's batch: each epoch goes through all of them in an order of its own."""
        num = len(self.rest.lessons)
        size = min(self.plan.batch, num)
        epoch, place = divmod(step, num // size)
        order = np.random.default_rng([self.plan.seed, epoch]).permutation(num)
        return order[place * size : (place + 1) * size]

    def _descend(self, losses: Losses, step: int) -> None:
        """At rates that fall to nothing."""
        for group in self._optimizer.param_groups:
            group["lr"] = group["initial_lr"] * (1 - step / self.plan.steps)
        self._optimizer.zero_grad()
        torch.autograd.backward(losses.total)
        nn.utils.clip_grad_norm_([p for group in self._optimizer.param_groups for p in group["params"]], 1.0)
        self._optimizer.step()


def _make_optimizer(parts: Parts, plan: Plan) -> torch.optim.Optimizer:
    groups: list[dict[str, Any]] = [_group(parts.network.parameters(), plan.rate)]
    if plan.stage == 3:
        groups.append(_group(parts.mixture.unfreeze(), plan.lora_rate))
    return torch.optim.AdamW(groups, weight_decay=0.0)


def _group(parameters: Iterable[nn.Parameter], rate: float) -> dict[str, Any]:
    return {"params": list(parameters), "lr": rate, "initial_lr": rate}
