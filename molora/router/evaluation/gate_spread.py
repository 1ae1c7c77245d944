"""How the gates that each routed mode makes of a head's probabilities are spread. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from molora.router.policy.choosers import CHOOSERS
from molora.router.query import Mode, Wishes

NUM_BINS = 20
EDGES = np.linspace(0, 1, NUM_BINS + 1)


class Spread(NamedTuple):
    """Counts of questions over EDGES: by their largest gate, and by the gate of each expert. Top-1 gates are 0 or 1."""

    largest: list[int]
    experts: dict[str, list[int]]


def find_gates(probabilities: NDArray[np.float64], classes: Sequence[str], mode: Mode) -> NDArray[np.float64]:
    """[num, classes] of probabilities of that shape, as the policy serves them."""
    chooser, wishes = CHOOSERS[mode], Wishes(mode)
    rows = [chooser(dict(zip(classes, map(float, row), strict=True)), wishes) for row in probabilities]
    return np.array([[gates.get(name, 0.0) for name in classes] for gates in rows])


def find_spread(gates: NDArray[np.float64], classes: Sequence[str]) -> Spread:
    """Of gates [num, len(classes)]."""
    return Spread(_count(gates.max(axis=1)), {name: _count(gates[:, i]) for i, name in enumerate(classes)})


def _count(gates: NDArray[np.float64]) -> list[int]:
    return [int(num) for num in np.histogram(gates.clip(0, 1), EDGES)[0]]
