"""Means over questions with their 95 % intervals, by the bootstrap (Efron 1979, percentiles)."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from molora.benchmarks.intervals import Estimate

RESAMPLES = 2000
SEED = 20_251


def mean(values: Sequence[float]) -> Estimate:
    """Without an interval where there are fewer than two values; so are the others."""
    return _estimate([values], lambda sample, axis: np.mean(sample, axis=axis))


def arithmetic_mean(samples: Sequence[Sequence[float]]) -> Estimate:
    """Of the samples' means; each sample is drawn again by itself."""
    return _estimate(samples, lambda *drawn, axis: np.mean(_means(drawn, axis), axis=0))


def harmonic_mean(samples: Sequence[Sequence[float]]) -> Estimate:
    """The same, harmonic: 0 where one of them is."""
    from scipy.stats import hmean

    return _estimate(samples, lambda *drawn, axis: hmean(_means(drawn, axis), axis=0))


def _means(drawn: Sequence[Any], axis: int) -> Any:
    return np.stack([np.mean(sample, axis=axis) for sample in drawn])


def _estimate(samples: Sequence[Sequence[float]], statistic: Callable[..., Any]) -> Estimate:
    from scipy.stats import bootstrap

    arrays = [np.asarray(sample, dtype=np.float64) for sample in samples]
    value = float(statistic(*arrays, axis=-1))
    if min(map(len, arrays)) < 2:
        return Estimate(value)
    rng = np.random.default_rng(SEED)
    drawn = bootstrap(arrays, statistic, n_resamples=RESAMPLES, batch=100, method="percentile", rng=rng)
    interval = drawn.confidence_interval
    return Estimate(value, float(interval.low), float(interval.high))
