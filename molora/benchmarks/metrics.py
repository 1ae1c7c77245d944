"""What benchmarks measure, computed purely from raw records: nothing here talks to a server or reads a clock."""

import statistics
from collections.abc import Iterable, Sequence


def normalise(answer: str) -> str:
    """An answer as exact match sees it: letter case, outer spaces and a closing full stop do not count."""
    return " ".join(answer.lower().split()).removesuffix(".").rstrip()


def is_right(answer: str, truth: str) -> bool:
    return normalise(answer) == normalise(truth)


def share(marks: Iterable[bool]) -> float:
    """The share of true ones; 0 for none at all."""
    listed = list(marks)
    return sum(listed) / len(listed) if listed else 0.0


def percentile(values: Sequence[float], percent: int) -> float:
    """Of at least two values."""
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]
