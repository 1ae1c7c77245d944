"""Fits the router's head over a frozen encoder. Command: `molora router train`.

Labels made by a language model are noisy: what contradicts the rest is mended first, if asked (`labels/`), and smoothed
targets (Szegedy et al. 2016) and dropout keep the head from learning the noise by heart. The temperature is fitted on
questions held out, then the head on all of them. What newcomers are told from is learnt apart (`references.py`).
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from molora.errors import ConfigError
from molora.router.evaluation.measures import Report, measure
from molora.router.features import Floats
from molora.router.head import Head
from molora.router.labels import Mended, mend
from molora.router.layers import softmax, to_unit_length
from molora.router.training.checkpoint import Checkpoint
from molora.router.training.examples import Examples
from molora.router.training.fitting import Fitter, OnStep
from molora.router.training.plan import Plan
from molora.router.training.references import learn_known, learn_references
from molora.router.typicality import keep_quantiles, nearness


class Trained(NamedTuple):
    """`head` is fitted to all examples; `held_out` is what one without the held-out share got on those of it that
    belong to one expert."""

    head: Head
    held_out: Report
    labels: Mended


def train(
    examples: Examples, encoder_digest: str, plan: Plan, on_step: OnStep, checkpoint: Checkpoint | None = None
) -> Trained:
    """Raises ConfigError for examples that no head can learn from."""
    check_classes(examples)
    fitter = Fitter(plan, on_step, checkpoint)

    def fit(part: Examples, stage: str) -> Head:
        return Head(examples.classes, encoder_digest, 1.0, fitter.fit(part, stage), level=0.0, scale=1.0)

    mended = mend(examples, plan, fit)
    examples = mended.examples
    held, rest = split(examples, plan)
    known = learn_known(rest, plan.seed)
    near = nearness(to_unit_length(held.features.text), known)
    logits = fit(rest, "calibrate").logits(held.features, held.texts)
    calibration = fit_temperature(logits, held.targets)
    report = measure(softmax(logits, calibration)[held.sole], held.targets[held.sole].argmax(axis=1), held.classes)
    head = fit(examples, "train")
    references = learn_references(examples, plan.seed)
    weights = {**head.weights, "references": references.vectors, "known": known, "held": keep_quantiles(near)}
    level, scale = references.level, references.scale
    return Trained(replace(head, weights=weights, calibration=calibration, level=level, scale=scale), report, mended)


def check_classes(examples: Examples) -> None:
    """Two experts or more, and of each two questions or more."""
    if len(examples.classes) < 2:
        raise ConfigError(f"all questions belong to {examples.classes[0]}: a router needs two experts or more")
    own = examples.targets[examples.sole].argmax(axis=1)
    for name, num in zip(examples.classes, np.bincount(own, minlength=len(examples.classes)), strict=True):
        if num < 2:
            raise ConfigError(f"{num} questions are of {name} alone: a router needs two or more of every expert")


def split(examples: Examples, plan: Plan) -> tuple[Examples, Examples]:
    """The share held out, of each expert alike and at least one question, and the rest."""
    order = np.random.default_rng(plan.seed).permutation(len(examples.texts))
    owners = np.where(examples.sole, examples.targets.argmax(axis=1), -1)[order]
    groups = [order[owners == owner] for owner in np.unique(owners)]
    held = np.concatenate([rows[: max(1, round(plan.held_out * len(rows)))] for rows in groups])
    return examples.take(held), examples.take(np.setdiff1d(order, held))


def fit_temperature(logits: Floats, targets: Floats) -> float:
    """The temperature at which softmax(logits / t) has the least cross-entropy with the targets, both [n, classes]."""
    candidates = np.geomspace(0.2, 5.0, 200)
    losses = [-(targets * np.log(softmax(logits, t).clip(min=1e-12))).sum() for t in candidates]
    return float(candidates[int(np.argmin(losses))])
