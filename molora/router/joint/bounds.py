"""Mixtures that no router chose, and what they show could be reached by choosing among them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from molora.router.features import Flags, Floats
from molora.router.joint.comparison import Kinds

SHARES = (0.3, 0.5, 0.7)
"""Of the first expert of a pair."""


def list_fixed(classes: Sequence[str]) -> dict[str, Floats]:
    """Gates [experts] by name: of each expert alone, and then of all pairs."""
    alone = np.eye(len(classes), dtype=np.float32)
    gates = dict(zip(classes, alone, strict=True))
    for one, other in combinations(range(len(classes)), 2):
        for share in SHARES:
            name = f"{share} {classes[one]} + {round(1 - share, 2)} {classes[other]}"
            gates[name] = share * alone[one] + np.float32(1 - share) * alone[other]
    return gates


def find_bounds(fixed: Mapping[str, Flags], classes: Sequence[str], kinds: Kinds) -> dict[str, Flags]:
    """From `list_fixed`'s answers, [questions] by name.

    The best choice for each question is chosen by its answer, so luck counts for it. The best choice for each kind is
    one for all its questions: a router could learn it.
    """
    every = np.stack(list(fixed.values()))
    bounds: dict[str, Flags] = {
        "best expert a question": np.any(every[: len(classes)], axis=0),
        "best mixture a question": np.any(every, axis=0),
    }
    if not any(kinds):
        return bounds
    best_alone, best = np.zeros_like(every[0]), np.zeros_like(every[0])
    for rows in _group(kinds):
        best_alone[rows] = _best(every[: len(classes)], rows)
        best[rows] = _best(every, rows)
    return {**bounds, "best expert a kind": best_alone, "best mixture a kind": best}


def _best(every: Flags, rows: NDArray[np.int64]) -> Flags:
    chosen: Flags = every[every[:, rows].mean(1).argmax()][rows]
    return chosen


def _group(kinds: Kinds) -> list[NDArray[np.int64]]:
    return [np.array([row for row, one in enumerate(kinds) if one == kind]) for kind in sorted(set(kinds))]
