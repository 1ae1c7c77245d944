"""An encoder written by hand: three numbers for a text, every batch kept, held back or made to fail at will."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from molora.router.head import Floats, Head

EXPERTS = ("spatial", "social")
DIGEST = "fake"


@dataclass
class FakeEncoder:
    """A text with "who" in it points one way, one with "why" another, and any other text a third way."""

    digest: str = DIGEST
    failure: Exception | None = None
    batches: list[list[str]] = field(default_factory=list)
    threads: set[int] = field(default_factory=set)
    free: threading.Event = field(default_factory=threading.Event)
    busy: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.free.set()

    def encode(self, texts: Sequence[str]) -> Floats:
        self.batches.append(list(texts))
        self.threads.add(threading.get_ident())
        self.busy.set()
        assert self.free.wait(timeout=30)
        if self.failure is not None:
            raise self.failure
        return np.eye(3, dtype=np.float32)[[1 if "who" in text else 2 if "why" in text else 0 for text in texts]]


def make_head(classes: tuple[str, ...] = EXPERTS, digest: str = DIGEST, calibration: float = 1.0) -> Head:
    """Class 0 likes the fake encoder's first number, class 1 its second; of the third it was told nothing."""
    weights = {
        "norm.weight": np.ones(3),
        "norm.bias": np.zeros(3),
        "hidden.weight": np.eye(3),
        "hidden.bias": np.zeros(3),
        "output.weight": np.eye(len(classes), 3),
        "output.bias": np.zeros(len(classes)),
        "wide.weight": np.zeros((8, len(classes))),
        "references": np.eye(len(classes), 3)[:, None],
    }
    arrays = {name: weight.astype(np.float32) for name, weight in weights.items()}
    return Head(classes, digest, calibration, arrays, level=0.4, scale=0.1)
