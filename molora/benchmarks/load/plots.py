"""Throughput and TTFT against load, a curve an arm, from the figures."""

from collections.abc import Iterator, Mapping, Sequence

from molora.benchmarks.load.summary import name_times
from molora.benchmarks.load.timing import Load
from molora.benchmarks.results import Figure, Line, Plot, Point

Places = Mapping[Load, float]
"""On the axis of loads."""


def draw_plots(figures: Sequence[Figure], loads: Sequence[Load]) -> Iterator[Plot]:
    """Of the loads of a kind where there are two or more."""
    closed = {load: float(load.concurrency) for load in loads if load.concurrency}
    arriving = {load: load.rate for load in loads if load.rate}
    if len(closed) > 1:
        yield _draw("Throughput", "questions/s", closed, _lines(figures, "questions/s", closed))
        yield _draw("Time to first token", "TTFT p50, ms", closed, _lines(figures, "p50", closed, "TTFT"))
    if len(arriving) > 1:
        title = "Time to first token, Poisson arrival"
        yield _draw(title, "TTFT p99, ms", arriving, _lines(figures, "p99", arriving, "TTFT"))


def _draw(title: str, y_label: str, places: Places, lines: tuple[Line, ...]) -> Plot:
    is_closed = all(load.concurrency for load in places)
    x_label = "clients" if is_closed else "questions/s arriving"
    return Plot(title=title, x_label=x_label, y_label=y_label, lines=lines, log_x=is_closed)


def _lines(figures: Sequence[Figure], column: str, places: Places, time: str = "") -> tuple[Line, ...]:
    """One an arm."""
    at = {name_times(load, time) if time else load.name: x for load, x in places.items()}
    chosen = [figure for figure in figures if figure.column == column and figure.group in at]
    return tuple(
        Line(name=arm, points=tuple(_point(f, at[f.group]) for f in chosen if f.row == arm))
        for arm in dict.fromkeys(figure.row for figure in chosen)
    )


def _point(figure: Figure, x: float) -> Point:
    return Point(x=x, y=figure.value, y_low=figure.low, y_high=figure.high)
