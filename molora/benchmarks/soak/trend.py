"""What the processes of a server under soak hold, and whether it grows."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scipy.stats import theilslopes

from molora.benchmarks.soak.soak import Soaked
from molora.benchmarks.soak.watch import OTHERS, Sample

MIB = 2**20
SETTLED = 1 / 3
"""Share of the time after which caches are full, and what a process holds is to stay as it is."""
LASTING = 0.9

Point = tuple[float, float]
"""Seconds since traffic began, and what was then."""


@dataclass(frozen=True)
class Trend:
    """What a part of the server held first, once settled and last; how it grew from then on, with bounds of 95 %."""

    part: str
    first: float
    settled: float
    last: float
    per_hour: float
    low: float
    high: float


def mib(sample: Sample) -> float:
    """Of memory that the process has for itself."""
    return sample.uss_bytes / MIB


def files(sample: Sample) -> float:
    return float(sample.num_files)


def trends(soaked: Soaked, held: Callable[[Sample], float]) -> list[Trend]:
    """Of the parts that were there to the end, or nearly."""
    found = {part: series(soaked, part, held) for part in parts(soaked)}
    lasting = {part: points for part, points in found.items() if points[-1][0] >= LASTING * soaked.seconds}
    return [trend(part, points, soaked.seconds) for part, points in lasting.items()]


def parts(soaked: Soaked) -> list[str]:
    """The front first, what is not the engine's last."""
    return sorted(dict.fromkeys(one.part for one in soaked.samples), key=OTHERS.__eq__)


def series(soaked: Soaked, part: str, held: Callable[[Sample], float]) -> list[Point]:
    """Summed over the processes of the part."""
    sums: dict[float, float] = defaultdict(float)
    for one in soaked.samples:
        if one.part == part:
            sums[one.at_s - soaked.began_s] += held(one)
    return sorted(sums.items())


def trend(part: str, points: Sequence[Point], seconds: float) -> Trend:
    """The slope is the median of those between all pairs of points (Theil, 1950; Sen, 1968): a few cannot sway it."""
    times, values = zip(*(point for point in points if point[0] >= SETTLED * seconds), strict=True)
    slope, _, low, high = theilslopes(values, times, 0.95)
    per_hour = [3600 * float(one) for one in (slope, low, high)]
    return Trend(part, points[0][1], values[0], values[-1], *per_hour)
