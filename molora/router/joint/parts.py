"""What joint training works on: the router and the backbone as one, and the questions that they are asked."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from molora.router.features import Features
from molora.router.joint.batches import Batch, Collator
from molora.router.joint.examples import Lesson
from molora.router.joint.gated import GatedMixture
from molora.router.training.network import HeadNetwork, pack

Rows = NDArray[np.int64]
Tensors = Mapping[str, Tensor]


class Parts(NamedTuple):
    """What answers: the head's network, the backbone under its gates, and what makes batches of lessons.

    Gates are softmax(logits / calibration), as the policy's: the head's calibration stays what it was.
    """

    network: HeadNetwork
    mixture: GatedMixture
    collate: Collator
    calibration: float
    device: torch.device

    def route(self, lessons: Sequence[Lesson], features: Features) -> Tensor:
        """Calibrated logits [len(lessons), experts]."""
        packed = pack([lesson.question for lesson in lessons], self.network.wide.num_embeddings)
        tensors = [*map(torch.from_numpy, features), *packed]
        logits: Tensor = self.network(*(tensor.to(self.device) for tensor in tensors))
        return logits / self.calibration

    def load(self, lessons: Sequence[Lesson]) -> Batch:
        return self.collate(lessons).to(self.device)

    def state(self) -> Tensors:
        """A copy of all that may have been learnt."""
        learnt = {f"head.{name}": tensor for name, tensor in self.network.state_dict().items()}
        learnt |= {f"lora.{place}": tensor for place, tensor in enumerate(self._unfrozen())}
        return {name: tensor.detach().cpu().clone() for name, tensor in learnt.items()}

    def restore(self, state: Tensors) -> None:
        head = {name.removeprefix("head."): t for name, t in state.items() if name.startswith("head.")}
        self.network.load_state_dict(head)
        with torch.no_grad():
            for place, parameter in enumerate(self._unfrozen()):
                parameter.copy_(state[f"lora.{place}"])

    def _unfrozen(self) -> list[nn.Parameter]:
        return [parameter for parameter in self.mixture.weights() if parameter.requires_grad]


class Material(NamedTuple):
    """Lessons and what the router's encoder makes of them."""

    lessons: Sequence[Lesson]
    features: Features

    def take(self, rows: Rows) -> Material:
        return Material([self.lessons[row] for row in rows.tolist()], self.features.take(rows))

    def digest(self) -> str:
        """SHA-256 of questions, answers and features."""
        hashed = hashlib.sha256(repr([(lesson.question, lesson.answer) for lesson in self.lessons]).encode())
        for array in self.features:
            hashed.update(array.tobytes())
        return hashed.hexdigest()

    def chunks(self, size: int) -> Iterator[Material]:
        for start in range(0, len(self.lessons), size):
            yield self.take(np.arange(start, min(start + size, len(self.lessons))))
