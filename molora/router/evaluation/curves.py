"""Confidence against truth: reliability bins with their calibration error, and the risk-coverage curve. Pure."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

NUM_BINS = 15
NUM_POINTS = 20


class Bin(NamedTuple):
    """Questions whose confidence is in [lower, lower + 1 / NUM_BINS): their mean confidence, and their accuracy."""

    lower: float
    num: int
    confidence: float
    accuracy: float


class Point(NamedTuple):
    """The accuracy among the `coverage` share of all questions that are most confident."""

    coverage: float
    accuracy: float


def find_reliability(confidence: NDArray[np.float64], is_right: NDArray[np.bool_]) -> list[Bin]:
    """Equal bins of confidence [num], without the empty ones."""
    places = np.minimum((confidence * NUM_BINS).astype(int), NUM_BINS - 1)
    counts = np.bincount(places, minlength=NUM_BINS)
    sums = [np.bincount(places, weights=values, minlength=NUM_BINS) for values in (confidence, is_right)]
    means = np.stack(sums, axis=1) / counts.clip(min=1)[:, None]
    return [Bin(i / NUM_BINS, int(counts[i]), *map(float, means[i])) for i in np.flatnonzero(counts)]


def expected_calibration_error(confidence: NDArray[np.float64], is_right: NDArray[np.bool_]) -> float:
    """The bins' mean gap between confidence and accuracy, weighted by count (Guo et al. 2017, arXiv:1706.04599)."""
    bins = find_reliability(confidence, is_right)
    return sum(one.num * abs(one.confidence - one.accuracy) for one in bins) / len(confidence)


def find_risks(
    confidence: NDArray[np.float64], is_right: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coverage and risk [num] for each question, the most confident first: how many of all are at least as confident,
    and the share of wrong ones among those (Geifman and El-Yaniv 2017, arXiv:1705.08500)."""
    order = np.argsort(-confidence, kind="stable")
    ranked, errors = -confidence[order], np.cumsum(~is_right[order])
    accepted = np.searchsorted(ranked, ranked, side="right")  # equally confident ones come in together
    return accepted / len(ranked), errors[accepted - 1] / accepted


def area_under_risks(confidence: NDArray[np.float64], is_right: NDArray[np.bool_]) -> float:
    """AURC: the mean risk over all coverages; 0 for none wrong."""
    return float(find_risks(confidence, is_right)[1].mean())


def sample_accuracies(confidence: NDArray[np.float64], is_right: NDArray[np.bool_]) -> list[Point]:
    """The curve at NUM_POINTS even coverages, the last of them 1."""
    coverages, risks = find_risks(confidence, is_right)
    rows = np.ceil(np.linspace(0, len(risks), NUM_POINTS + 1)[1:]).astype(int) - 1
    return [Point(float(coverages[row]), float(1 - risks[row])) for row in rows]
