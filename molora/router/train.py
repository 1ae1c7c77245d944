"""Fits the router's head over a frozen encoder. Command: `molora router train`.

Labels made by a language model are noisy: smoothed targets (Szegedy et al. 2016) and dropout keep the head from
learning the noise by heart. The temperature is fitted on questions held out, then the head on all of them.
What newcomers are told from is learnt apart (`references.py`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F  # noqa: N812

from molora.router.data import Sample, as_targets
from molora.router.encoders import Encoder, one_torch_thread
from molora.router.evaluate import Report, encode_once, measure
from molora.router.head import Floats, Head
from molora.router.network import HeadNetwork, pack
from molora.router.policy import softmax
from molora.router.references import learn_references

OnStep = Callable[[str, int, int, float], None]
"""Told the stage, the steps done, the steps in all, and the loss."""


@dataclass(frozen=True)
class Plan:
    """Sizes and rates of a training run; the same plan and machine make the same head."""

    seed: int = 0
    hidden: int = 256
    num_buckets: int = 2**14
    epochs: int = 12
    batch: int = 256
    deep_rate: float = 2e-3
    wide_rate: float = 5e-3
    dropout: float = 0.3
    smoothing: float = 0.1
    held_out: float = 0.1


@dataclass(frozen=True)
class _Examples:
    texts: tuple[str, ...]
    vectors: Floats
    targets: Floats

    def take(self, rows: NDArray[np.int64]) -> "_Examples":
        return _Examples(tuple(self.texts[row] for row in rows), self.vectors[rows], self.targets[rows])


def train(
    samples: Sequence[Sample], classes: Sequence[str], encoder: Encoder, plan: Plan, on_step: OnStep
) -> tuple[Head, Report]:
    """The head fitted to every sample, and what one without the held-out share got on those of one expert in it."""
    texts = tuple(sample.text for sample in samples)
    examples = _Examples(texts, encode_once(encoder, texts), as_targets(samples, classes))
    order = np.random.default_rng(plan.seed).permutation(len(texts))
    num_held = round(plan.held_out * len(texts))
    held, rest = examples.take(order[:num_held]), examples.take(order[num_held:])
    references = learn_references(samples, classes, examples.vectors, plan.seed)

    def fit(part: _Examples, calibration: float, stage: str) -> Head:
        with one_torch_thread():
            weights = _fit(part, plan, lambda step, steps, loss: on_step(stage, step, steps, loss))
        weights["references"] = references.vectors
        return Head(tuple(classes), encoder.digest, calibration, weights, references.level, references.scale)

    logits = fit(rest, 1.0, "calibrate").logits(held.vectors, held.texts)
    calibration = fit_temperature(logits, held.targets)
    alone = held.targets.max(axis=1) == 1
    report = measure(softmax(logits[alone], calibration), held.targets[alone].argmax(axis=1), classes)
    return fit(examples, calibration, "train"), report


def fit_temperature(logits: Floats, targets: Floats) -> float:
    """The temperature at which softmax(logits / t) has the least cross-entropy with the targets, both [n, classes]."""
    candidates = np.geomspace(0.2, 5.0, 200)
    losses = [-(targets * np.log(softmax(logits, t).clip(min=1e-12))).sum() for t in candidates]
    return float(candidates[int(np.argmin(losses))])


def _fit(examples: _Examples, plan: Plan, on_step: Callable[[int, int, float], None]) -> dict[str, Floats]:
    torch.manual_seed(plan.seed)
    num, dim = examples.vectors.shape
    network = HeadNetwork(dim, plan.hidden, plan.num_buckets, examples.targets.shape[1], plan.dropout)
    optimizer = _make_optimizer(network, plan)
    steps = plan.epochs * -(-num // plan.batch)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    vectors, targets = torch.from_numpy(examples.vectors), torch.from_numpy(examples.targets)
    step = 0
    for _ in range(plan.epochs):
        for rows in torch.split(torch.randperm(num), plan.batch):
            packed = pack([examples.texts[row] for row in rows.tolist()], plan.num_buckets)
            logits = network(vectors[rows], *packed)
            loss = F.cross_entropy(logits, targets[rows], label_smoothing=plan.smoothing)
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
            schedule.step()
            step += 1
            on_step(step, steps, loss.item())
    return network.weights()


def _make_optimizer(network: HeadNetwork, plan: Plan) -> torch.optim.Optimizer:
    wide = {id(p) for p in network.wide.parameters()}
    deep = [p for p in network.parameters() if id(p) not in wide]
    groups = [
        {"params": deep, "lr": plan.deep_rate, "weight_decay": 1e-2},
        {"params": list(network.wide.parameters()), "lr": plan.wide_rate, "weight_decay": 1e-2},
    ]
    return torch.optim.AdamW(groups)
