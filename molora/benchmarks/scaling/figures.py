"""Figures of samples: what each point came to, how each quantity grows, and what drifted meanwhile."""

import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np

from molora.benchmarks.intervals import Estimate, over_rounds
from molora.benchmarks.results import Figure
from molora.benchmarks.scaling.growth import fit
from molora.benchmarks.scaling.points import Factor
from molora.benchmarks.scaling.samples import Sample, select
from molora.benchmarks.scaling.traffic import ARMS

TITLES = {
    Factor.CONCURRENCY: "clients",
    Factor.PROMPT: "words before the question",
    Factor.PICTURE: "side of the picture, pixels",
    Factor.EXPERTS: "registered experts",
    Factor.SLOTS: "slots",
}
Tokens = Mapping[tuple[Factor, int], int]
"""Of a prompt, by factor and value."""


@dataclass(frozen=True)
class Quantity:
    """`by_round` reads what a turn came to, `pooled` what is taken together over turns."""

    name: str
    unit: str
    better: Literal["higher", "lower"]
    by_round: Callable[[Sample], float]
    pooled: Callable[[Sample], list[float]]


QUANTITIES = (
    Quantity("questions/s", "1/s", "higher", lambda s: s.questions_per_s, lambda s: [s.questions_per_s]),
    Quantity("TTFT p50", "ms", "lower", lambda s: s.ttft_ms, lambda s: [1e3 * t.ttft_s for t in s.timings]),
)


def list_factors(samples: Sequence[Sample]) -> list[Factor]:
    return list(dict.fromkeys(sample.factor for sample in samples))


def make_figures(samples: Sequence[Sample], tokens: Tokens) -> Iterator[Figure]:
    factors = list_factors(samples)
    for factor in factors:
        for arm in ARMS:
            for value, ones in select(samples, factor, arm).items():
                yield from _tell_point(factor, arm, value, ones)
        for value in select(samples, factor, ARMS[0]):
            if (factor, value) in tokens:
                place = {"group": TITLES[factor], "row": str(value), "column": "tokens of a prompt"}
                yield Figure(**place, value=tokens[factor, value])
    for factor in factors:
        yield from _tell_growth(samples, factor)
    for factor in factors:
        yield from _tell_drift(samples, factor)


def _tell_point(factor: Factor, arm: str, value: int, ones: Sequence[Sample]) -> Iterator[Figure]:
    place = {"group": TITLES[factor], "row": str(value)}
    for told in QUANTITIES:
        found = _estimate(ones, told)
        yield Figure(**place, column=f"{arm}: {told.name}", unit=told.unit, better=told.better, **asdict(found))
    experts = {timing.expert for sample in ones for timing in sample.timings}
    yield Figure(**place, column=f"{arm}: experts that answered", value=len(experts))


def _estimate(ones: Sequence[Sample], told: Quantity) -> Estimate:
    return over_rounds([told.pooled(sample) for sample in ones], np.median)


def make_series(samples: Sequence[Sample], factor: Factor, arm: str, told: Quantity) -> list[tuple[float, list[float]]]:
    """Where the factor is not 0: nothing grows from there by a power."""
    points = select(samples, factor, arm).items()
    return [(float(value), [told.by_round(sample) for sample in ones]) for value, ones in points if value > 0]


def _tell_growth(samples: Sequence[Sample], factor: Factor) -> Iterator[Figure]:
    for arm in ARMS:
        for told in QUANTITIES:
            series = make_series(samples, factor, arm, told)
            if len(series) > 1 and sum(len(values) for _, values in series) > 2:
                grown = fit(series)
                place = {"group": "growth, as a power of the factor", "row": TITLES[factor]}
                ends = {"low": grown.low, "high": grown.high}
                yield Figure(**place, column=f"{arm}: {told.name}", value=grown.slope, **ends)


def _tell_drift(samples: Sequence[Sample], factor: Factor) -> Iterator[Figure]:
    """Of points that were come to twice: the second time by the first."""
    for arm in ARMS:
        for value, ones in select(samples, factor, arm).items():
            visits = [[s.questions_per_s for s in ones if s.visit == visit] for visit in (0, 1)]
            if all(visits):
                ratio = statistics.median(visits[1]) / statistics.median(visits[0])
                place = {"group": "drift of questions/s, second visit by first", "row": f"{TITLES[factor]} {value}"}
                yield Figure(**place, column=arm, value=ratio)
