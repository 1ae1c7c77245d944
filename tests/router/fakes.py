"""An encoder written by hand: three numbers for a text and, if it looks, three for the pictures; every batch kept,
held back or made to fail at will."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from molora.router.features import Features, Floats, text_only
from molora.router.head import Head
from molora.router.query import Query

EXPERTS = ("spatial", "social")
DIGEST = "fake"


@dataclass
class FakeEncoder:
    """A text with "who" in it points one way, one with "why" another, and any other text a third way. Pictures are
    their mean colour. `poison` is a text that it fails on."""

    digest: str = DIGEST
    looks: bool = False
    quick: bool = False
    failure: Exception | None = None
    poison: str | None = None
    batches: list[list[str]] = field(default_factory=list)
    threads: set[int] = field(default_factory=set)
    free: threading.Event = field(default_factory=threading.Event)
    busy: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.free.set()

    def encode(self, queries: Sequence[Query]) -> Features:
        texts = [query.text for query in queries]
        self.batches.append(texts)
        self.threads.add(threading.get_ident())
        self.busy.set()
        assert self.free.wait(timeout=30)
        if self.failure is not None or self.poison in texts:
            raise self.failure or ValueError("poison")
        text = np.eye(3, dtype=np.float32)[[1 if "who" in text else 2 if "why" in text else 0 for text in texts]]
        if not self.looks:
            return text_only(text)
        image = np.stack([_mean_colour(query) for query in queries])
        return Features(text, image, np.array([bool(query.images) for query in queries]))


def _mean_colour(query: Query) -> Floats:
    colours = [np.asarray(picture.convert("RGB")).mean(axis=(0, 1)) / 255 for picture in query.images]
    mean: Floats = np.mean(colours or [np.zeros(3)], axis=0).astype(np.float32)
    return mean


def make_head(
    classes: tuple[str, ...] = EXPERTS, digest: str = DIGEST, calibration: float = 1.0, *, looks: bool = False
) -> Head:
    """Class 0 likes the fake encoder's first number, class 1 its second; of the third it was told nothing. If it looks,
    class 0 likes red and class 1 green. No question is strange to it."""
    weights = {
        **{f"text.{name}": weight for name, weight in _part().items()},
        "hidden.weight": np.eye(3),
        "hidden.bias": np.zeros(3),
        "output.weight": np.eye(len(classes), 3),
        "output.bias": np.zeros(len(classes)),
        "wide.weight": np.zeros((8, len(classes))),
        "references": np.eye(len(classes), 3)[:, None],
        "known": np.eye(len(classes), 3),
        "held": np.zeros(1),
    }
    if looks:
        weights |= {f"image.{name}": weight for name, weight in _part().items()} | {"absent": np.zeros(3)}
    arrays = {name: weight.astype(np.float32) for name, weight in weights.items()}
    return Head(classes, digest, calibration, arrays, level=0.4, scale=0.1)


def _part() -> dict[str, NDArray[np.float64]]:
    return {
        "norm.weight": np.ones(3),
        "norm.bias": np.zeros(3),
        "projection.weight": np.eye(3),
        "projection.bias": np.zeros(3),
    }
