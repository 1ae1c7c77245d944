"""All that a soak says."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from molora.benchmarks.soak.counts import Counts, count
from molora.benchmarks.soak.drift import Drift, drifts
from molora.benchmarks.soak.soak import Soaked
from molora.benchmarks.soak.traffic import SEED
from molora.benchmarks.soak.trend import Trend, files, mib, trends


@dataclass(frozen=True)
class Figures:
    seconds: float
    rate_per_s: float
    capacity_per_s: float | None
    counts: Counts
    memory: Sequence[Trend]
    files: Sequence[Trend]
    drifts: Sequence[Drift]


def figure(soaked: Soaked) -> Figures:
    pace = soaked.pace
    return Figures(
        seconds=soaked.seconds,
        rate_per_s=pace.rate_per_s,
        capacity_per_s=pace.capacity_per_s,
        counts=count(soaked),
        memory=trends(soaked, mib),
        files=trends(soaked, files),
        drifts=drifts(soaked),
    )


def summarise(figures: Figures) -> dict[str, Any]:
    """The one JSON line that ends the benchmark."""
    ratios = [asdict(one) | {"ratio": one.ratio} for one in figures.drifts]
    faults = {"num_faults": figures.counts.num_faults}
    return {"benchmark": "soak", "seed": SEED, **faults, **asdict(figures), "drifts": ratios}


def headline(figures: Figures) -> str:
    told = f"{figures.seconds / 60:g} min, {figures.rate_per_s:.1f} requests a second"
    if figures.capacity_per_s is None:
        return told
    return f"{told}: {figures.rate_per_s / figures.capacity_per_s:.0%} of the {figures.capacity_per_s:.1f} it can do"
