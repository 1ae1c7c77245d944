"""Which of two mixtures is right more often, on the same questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from molora.router.features import Flags

NUM_DRAWS = 10_000

Kinds = Sequence[tuple[str, ...]]
"""The types that each question needs; empty where that is not known."""


class Interval(NamedTuple):
    """Of a mean difference: 95 % of the bootstrap's draws lie between `low` and `high`."""

    mean: float
    low: float
    high: float


def compare(ours: Flags, theirs: Flags, seed: int = 0) -> Interval:
    """By how much ours is right more often; questions are drawn anew (Efron 1979)."""
    differences = ours.astype(np.int64) - theirs.astype(np.int64)
    num = len(differences)
    shares = [float((differences == value).mean()) for value in (1, 0, -1)]
    draws = np.random.default_rng(seed).multinomial(num, shares, NUM_DRAWS)
    low, high = np.quantile((draws[:, 0] - draws[:, 2]) / num, [0.025, 0.975])
    return Interval(float(differences.mean()), float(low), float(high))


def split(kinds: Kinds) -> dict[str, Flags]:
    """Which questions are of one type, which of two, and of which that is not known; only those that there are."""
    numbers = np.array([len(kind) for kind in kinds])
    groups = {"one type": numbers == 1, "two types": numbers == 2, "any type": numbers == 0}
    return {name: flags for name, flags in groups.items() if flags.any()}


def find_accuracies(rights: Mapping[str, Flags], groups: Mapping[str, Flags]) -> dict[str, dict[str, float]]:
    """By mixture and group of questions."""
    return {
        name: {group: float(right[rows].mean()) for group, rows in groups.items()} for name, right in rights.items()
    }


def compare_all(
    rights: Mapping[str, Flags], pairs: Sequence[tuple[str, str]], groups: Mapping[str, Flags]
) -> dict[tuple[str, str], dict[str, Interval]]:
    """By pair of mixtures and group of questions."""
    return {
        (ours, theirs): {name: compare(rights[ours][rows], rights[theirs][rows]) for name, rows in groups.items()}
        for ours, theirs in pairs
    }
