"""Fits the head's network to examples, an epoch at a time."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812
from torch.optim.lr_scheduler import CosineAnnealingLR

from molora.router.encoders.torch_thread import one_torch_thread
from molora.router.features import Floats
from molora.router.training.checkpoint import Checkpoint
from molora.router.training.examples import Examples
from molora.router.training.network import HeadNetwork, Sizes, pack
from molora.router.training.plan import Plan

OnStep = Callable[[str, int, int, float], None]
"""Told the stage, the steps done, the steps in all, and the loss."""

MIN_DEVIATION = 0.02


class Fitter:
    """Runs stages of one training; those that a checkpoint holds are done already, or begun."""

    def __init__(self, plan: Plan, on_step: OnStep, checkpoint: Checkpoint | None) -> None:
        self.plan, self._on_step, self._checkpoint = plan, on_step, checkpoint
        self._stages: dict[str, Any] = checkpoint.read() if checkpoint else {}

    def fit(self, examples: Examples, stage: str) -> dict[str, Floats]:
        """The weights of a head without its references."""
        run = _Run(examples, self.plan)
        if stage in self._stages:
            run.restore(self._stages[stage])
        with one_torch_thread():
            while run.epoch < self.plan.epochs:
                run.train_epoch(lambda step, steps, loss: self._on_step(stage, step, steps, loss))
                self._save(stage, run)
        return run.network.weights()

    def _save(self, stage: str, run: "_Run") -> None:
        if self._checkpoint is not None:
            self._stages[stage] = run.state()
            self._checkpoint.write(self._stages)


class _Run:
    """A network under way. Every epoch draws from a seed of its own, so that it goes on as if it had not stopped."""

    def __init__(self, examples: Examples, plan: Plan) -> None:
        torch.manual_seed(plan.seed)
        self._examples, self._plan, self.epoch = examples, plan, 0
        self._features = [torch.from_numpy(array) for array in examples.features]
        self._targets = torch.from_numpy(examples.targets)
        self._weights = balance(self._targets) if plan.balance else torch.ones(len(self._targets))
        self.network = _make_network(examples, plan)
        self._optimizer = _make_optimizer(self.network, plan)
        self._num_steps = -(-len(self._targets) // plan.batch)
        self._schedule = CosineAnnealingLR(self._optimizer, plan.epochs * self._num_steps)

    def state(self) -> dict[str, Any]:
        parts = self._parts() if self.epoch < self._plan.epochs else {"network": self.network}
        return {"epoch": self.epoch, **{name: part.state_dict() for name, part in parts.items()}}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.epoch = state["epoch"]
        for name, part in self._parts().items():
            if name in state:
                part.load_state_dict(state[name])

    def _parts(self) -> dict[str, Any]:
        return {"network": self.network, "optimizer": self._optimizer, "schedule": self._schedule}

    def train_epoch(self, on_step: Callable[[int, int, float], None]) -> None:
        torch.manual_seed(self._plan.seed * 1_000_003 + 1 + self.epoch)
        step, steps = self.epoch * self._num_steps, self._plan.epochs * self._num_steps
        for rows in torch.split(torch.randperm(len(self._targets)), self._plan.batch):
            loss = self._find_loss(rows)
            self._optimizer.zero_grad()
            torch.autograd.backward(loss)
            self._optimizer.step()
            self._schedule.step()
            step += 1
            on_step(step, steps, loss.item())
        self.epoch += 1

    def _find_loss(self, rows: Tensor) -> Tensor:
        text, image, seen = (array[rows] for array in self._features)
        if self.network.looks:
            seen &= torch.rand(len(rows)) >= self._plan.unseen
        packed = pack([self._examples.texts[row] for row in rows.tolist()], self._plan.num_buckets)
        logits, targets = self.network(text, image, seen, *packed), self._targets[rows]
        losses = F.cross_entropy(logits, targets, label_smoothing=self._plan.smoothing, reduction="none")
        return (losses * self._weights[rows]).mean()


def balance(targets: Tensor) -> Tensor:
    """Weights [n] of mean 1 by which all classes count alike, for targets [n, classes]."""
    num, num_classes = targets.shape
    return targets @ (num / num_classes / targets.sum(dim=0).clamp(min=1e-9))


def _make_network(examples: Examples, plan: Plan) -> HeadNetwork:
    text, image, seen = examples.features
    sizes = Sizes(text.shape[1], image.shape[1], plan.hidden, plan.num_buckets, len(examples.classes))
    network = HeadNetwork(sizes, plan.dropout)
    if network.looks and seen.any():
        standardise(network.image.norm, torch.from_numpy(image[seen]))
    return network


def standardise(norm: nn.LayerNorm, vectors: Tensor) -> None:
    """Starts it where each number of the vectors [n, dim] comes out with mean 0 and deviation 1: most of a vision
    tower's numbers are large and hardly differ between pictures."""
    normed = F.layer_norm(vectors, vectors.shape[1:], eps=norm.eps)
    scale = 1 / normed.std(dim=0, correction=0).clamp(min=MIN_DEVIATION)
    with torch.no_grad():
        norm.weight.copy_(scale)
        norm.bias.copy_(-normed.mean(dim=0) * scale)


def _make_optimizer(network: HeadNetwork, plan: Plan) -> torch.optim.Optimizer:
    wide = {id(p) for p in network.wide.parameters()}
    deep = [p for p in network.parameters() if id(p) not in wide]
    groups = [
        {"params": deep, "lr": plan.deep_rate, "weight_decay": 1e-2},
        {"params": list(network.wide.parameters()), "lr": plan.wide_rate, "weight_decay": 1e-2},
    ]
    return torch.optim.AdamW(groups)
