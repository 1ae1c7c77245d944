"""95 % intervals of what was measured in rounds: whole rounds are drawn anew, for those of one round vary together."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Statistic = Callable[[NDArray[np.float64]], Any]
"""One number of many."""
NUM_RESAMPLES = 999


@dataclass(frozen=True)
class Estimate:
    """`low` to `high` is its interval; None for one round alone."""

    value: float
    low: float | None = None
    high: float | None = None


def over_rounds(rounds: Sequence[Sequence[float]], statistic: Statistic) -> Estimate:
    """Of all rounds' values together, with a bootstrap interval by percentiles (Efron and Tibshirani, 1993); the same
    for the same values. No round may be empty."""
    values = [np.asarray(one, dtype=np.float64) for one in rounds]
    value = float(statistic(np.concatenate(values)))
    if len(rounds) < 2:
        return Estimate(value)
    from scipy import stats

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", stats.DegenerateDataWarning)  # rounds that are all alike
        drawn = stats.bootstrap(
            (np.arange(len(rounds)),),
            lambda numbers: statistic(np.concatenate([values[int(number)] for number in numbers])),
            n_resamples=NUM_RESAMPLES,
            vectorized=False,
            method="percentile",
            rng=np.random.default_rng(0),
        )
    return Estimate(value, float(drawn.confidence_interval.low), float(drawn.confidence_interval.high))
