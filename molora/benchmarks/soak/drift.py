"""Whether a server under soak becomes slower."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from molora.benchmarks.metrics import percentile
from molora.benchmarks.soak.client import Exchange
from molora.benchmarks.soak.soak import Soaked
from molora.benchmarks.soak.trend import Point

PERCENTS = (50, 99)
TTFT, LATENCY, LATE = "time to first token", "end to end", "sent late"
MEASURES: dict[str, Callable[[Exchange], float | None]] = {
    TTFT: lambda one: None if one.first_s is None else one.first_s - one.sent_s,
    LATENCY: lambda one: one.end_s - one.sent_s,
    LATE: lambda one: one.sent_s - one.due_s,
}
"""Seconds. That a request was sent late is its client's doing, who shares the server's processors."""


@dataclass(frozen=True)
class Drift:
    """A percentile over the requests that were due in the first third of the time, and over those of the last."""

    what: str
    percent: int
    first_ms: float
    last_ms: float

    @property
    def ratio(self) -> float:
        return self.last_ms / self.first_ms


def waits(soaked: Soaked, what: str) -> list[Point]:
    """Of the answered requests of the traffic, by when they were due."""
    answered = [(one.due_s - soaked.began_s, MEASURES[what](one)) for one in soaked.exchanges if one.is_answered]
    return [(at_s, wait_s) for at_s, wait_s in answered if 0 <= at_s < soaked.seconds and wait_s is not None]


def drifts(soaked: Soaked) -> list[Drift]:
    return [
        Drift(what, percent, *(1e3 * percentile(third, percent) for third in (first, last)))
        for what in MEASURES
        for first, _, last in [split(waits(soaked, what), soaked.seconds, 3)]
        if min(len(first), len(last)) > 1
        for percent in PERCENTS
    ]


def split(points: Sequence[Point], seconds: float, num: int) -> list[list[float]]:
    """The values by as many equal spans of the time."""
    spans: list[list[float]] = [[] for _ in range(num)]
    for at_s, value in points:
        spans[min(int(num * at_s / seconds), num - 1)].append(value)
    return spans
