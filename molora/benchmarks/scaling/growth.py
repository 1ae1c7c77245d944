"""How a quantity grows: the slope of its logarithm over that of the factor, and where that slope changes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Series = Sequence[tuple[float, Sequence[float]]]
"""Values of the factor, ascending and positive, and what was measured there in each round."""
LEVEL = 0.95
Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Growth:
    """y ~ x^slope; `low` to `high` is the slope's 95 % interval."""

    slope: float
    low: float
    high: float


@dataclass(frozen=True)
class Bend:
    """The point at which the slope changes most clearly."""

    x: float
    before: float
    after: float


def fit(series: Series) -> Growth:
    """Least squares over all rounds; needs three values in all, at two points at least.

    What the straight line does not explain widens the interval.
    """
    from scipy import stats

    x = np.log([x for x, values in series for _ in values])
    y = np.log([value for _, values in series for value in values])
    line = stats.linregress(x, y)
    reach = float(stats.t.ppf((1 + LEVEL) / 2, len(x) - 2) * line.stderr)
    return Growth(float(line.slope), float(line.slope) - reach, float(line.slope) + reach)


def can_bend(series: Series) -> bool:
    """Whether there is enough to tell: three points, each measured twice."""
    return len(series) > 2 and min(len(values) for _, values in series) > 1


def find_bend(series: Series) -> Bend | None:
    """None where no neighbouring slopes differ beyond noise, or where too little was measured to tell.

    Slopes to the left and to the right of each inner point are compared by a t-test with the points' pooled variance,
    at a level divided by the number of inner points (Bonferroni).
    """
    if not can_bend(series):
        return None
    x: Vector = np.log(np.asarray([x for x, _ in series]))
    logs = [np.log(np.asarray(values)) for _, values in series]
    slopes: Vector = np.diff(np.asarray([one.mean() for one in logs])) / np.diff(x)
    limit = _critical(logs, len(slopes) - 1)
    excess = {place: _excess(x, logs, slopes, place, limit) for place in range(1, len(slopes))}
    place = max(excess, key=lambda place: excess[place])
    return Bend(series[place][0], float(slopes[place - 1]), float(slopes[place])) if excess[place] > 1 else None


def _critical(logs: Sequence[Vector], num_tests: int) -> float:
    from scipy import stats

    freedom = sum(len(one) - 1 for one in logs)
    return float(stats.t.ppf(1 - (1 - LEVEL) / num_tests / 2, freedom))


def _excess(x: Vector, logs: Sequence[Vector], slopes: Vector, place: int, limit: float) -> float:
    """By how much the change of slopes at a point surpasses noise: 1 is as much as chance may do."""
    change = abs(float(slopes[place] - slopes[place - 1]))
    return change / max(1e-9, limit * _error(x, logs, place))


def _error(x: Vector, logs: Sequence[Vector], place: int) -> float:
    """Standard error of the difference of the slopes right and left of a point."""
    pooled = sum(float(((one - one.mean()) ** 2).sum()) for one in logs) / sum(len(one) - 1 for one in logs)
    left, right = 1 / (x[place] - x[place - 1]), 1 / (x[place + 1] - x[place])
    weights = (left, -(left + right), right)
    return math.sqrt(sum(pooled * w * w / len(logs[place + step]) for w, step in zip(weights, (-1, 0, 1), strict=True)))
