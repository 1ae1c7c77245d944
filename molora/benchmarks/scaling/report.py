"""Samples as a result: its figures, two plots a factor, and where the curves bend."""

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

from molora.benchmarks.results import Figure, Line, Plot, Point, Result, this_command, this_machine
from molora.benchmarks.scaling.figures import (
    QUANTITIES,
    TITLES,
    Tokens,
    list_factors,
    make_figures,
    make_series,
)
from molora.benchmarks.scaling.growth import can_bend, find_bend
from molora.benchmarks.scaling.points import Factor
from molora.benchmarks.scaling.samples import Sample
from molora.benchmarks.scaling.traffic import ARMS, NUM_TOKENS, SEED


def make_result(samples: Sequence[Sample], tokens: Tokens, settings: dict[str, Any], limits: Sequence[str]) -> Result:
    """`limits` are lines on where the deployment itself has bounds."""
    factors, figures = list_factors(samples), tuple(make_figures(samples, tokens))
    return Result(
        benchmark="scaling",
        title="Scaling: one factor at a time",
        command=this_command(),
        seed=SEED,
        settings={**settings, "tokens": NUM_TOKENS},
        machine=this_machine(),
        figures=figures,
        plots=tuple(plot for factor in factors for plot in _plots(figures, factor)),
        notes=(*_notes(samples, factors), *limits),
    )


def _plots(figures: Sequence[Figure], factor: Factor) -> Iterator[Plot]:
    chosen = [figure for figure in figures if figure.group == TITLES[factor]]
    for told in QUANTITIES:
        lines = [Line(name=arm, points=tuple(_points(chosen, f"{arm}: {told.name}"))) for arm in ARMS]
        yield Plot(
            title=f"{told.name} against {TITLES[factor]}",
            x_label=TITLES[factor],
            y_label=f"{told.name}, {told.unit}",
            lines=tuple(lines),
            log_x=min(point.x for line in lines for point in line.points) > 0,
        )


def _points(figures: Sequence[Figure], column: str) -> Iterator[Point]:
    for figure in figures:
        if figure.column == column:
            yield Point(x=float(figure.row), y=figure.value, y_low=figure.low, y_high=figure.high)


def _notes(samples: Sequence[Sample], factors: Sequence[Factor]) -> Iterator[str]:
    yield (
        "auto: the router chooses among all experts. manual: the client names one, the k-th with a popularity of 1/k. "
        f"Answers have {NUM_TOKENS} tokens; medians over rounds."
    )
    straight: list[str] = []
    unknown: list[str] = []
    for factor, arm, told in product(factors, ARMS, QUANTITIES):
        series = make_series(samples, factor, arm, told)
        what = f"{told.name} of {arm} against {TITLES[factor]}"
        if bend := find_bend(series):
            yield f"{what} bends most at {bend.x:g}: a power of {bend.before:.2f} before, {bend.after:.2f} after."
        else:
            (straight if can_bend(series) else unknown).append(what)
    if straight:
        yield f"No bend beyond noise: {'; '.join(straight)}."
    if unknown:
        yield f"Too few points or rounds to look for a bend: {'; '.join(unknown)}."
