"""The live experts, those the head was trained on and newcomers, and their logits."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from molora.errors import ConfigError
from molora.router.features import Floats
from molora.router.head import Head
from molora.router.interface import RoutedBy
from molora.router.newcomers import Newcomers
from molora.router.scoring import Reading


class Panel:
    """Begins with experts that the head was trained on; raises ConfigError for any other."""

    def __init__(self, head: Head, experts: Sequence[str]) -> None:
        check_classes(head, experts)
        self._head = head
        self._vectors: dict[str, Floats | None] = dict.fromkeys(experts)  # None where the head routes
        self._arrange()

    @property
    def experts(self) -> tuple[str, ...]:
        return tuple(self._vectors)

    def routed_by(self, name: str) -> RoutedBy:
        """Of any name, live or not."""
        return "head" if name in self._head.classes else "examples"

    def set(self, name: str, vectors: Floats) -> None:
        """Comes last, or replaces in place. `vectors` [num, dim] of its texts, at least one, have length 1; where the
        head routes they do not count."""
        if self.routed_by(name) == "examples":
            assert len(vectors) > 0
            self._newcomers.set(name, vectors)
            self._vectors[name] = vectors
        elif name not in self._vectors:
            self._vectors[name] = None
            self._arrange()

    def remove(self, name: str) -> None:
        """KeyError for one that is not live."""
        if self._vectors.pop(name) is None:
            self._arrange()
        else:
            self._newcomers.remove(name)

    def _arrange(self) -> None:
        """Newcomers are told from the questions of trained experts: all anew when those change."""
        trained = [name for name, vectors in self._vectors.items() if vectors is None]
        self._columns = [self._head.classes.index(name) for name in trained]
        references = self._head.weights["references"]
        self._newcomers = Newcomers(references[self._columns].reshape(-1, references.shape[-1]))
        for name, vectors in self._vectors.items():
            if vectors is not None:
                self._newcomers.set(name, vectors)

    def logits(self, reading: Reading) -> Floats:
        """[live experts] in the order of `experts`: softmax(logits / calibration) are their probabilities."""
        trained = reading.logits[self._columns]
        if not len(self._newcomers):
            return trained
        is_trained = np.array([vectors is None for vectors in self._vectors.values()])
        logits = np.empty(len(is_trained), dtype=np.float32)
        logits[is_trained], logits[~is_trained] = trained, self._newcomer_logits(trained, reading.vector)
        return logits

    def _newcomer_logits(self, trained: Floats, vector: Floats) -> NDArray[np.float64]:
        """Against the trained ones together, newcomers together are as likely as the likeliest of them is alone: that
        there are many of them takes nothing from the trained ones."""
        scores = self._newcomers.scores(vector[None])[0].astype(np.float64)
        odds = (scores - self._head.level) / self._head.scale
        together = np.logaddexp.reduce(trained / self._head.calibration) if len(trained) else 0.0
        shares: NDArray[np.float64] = together + odds.max() + odds - np.logaddexp.reduce(odds)
        return self._head.calibration * shares


def check_classes(head: Head, experts: Sequence[str]) -> None:
    """The head may know others too, which are asleep until they are added."""
    missing = [name for name in experts if name not in head.classes]
    if missing:
        known = ", ".join(head.classes)
        raise ConfigError(f"router.head: it was not trained for {', '.join(missing)}; its classes: {known}")
