"""Samples as turns would give them, of known rates."""

from molora.benchmarks.load.timing import Load, Timing
from molora.benchmarks.scaling.points import Factor, Setting, vary
from molora.benchmarks.scaling.samples import Sample


def make_sample(factor: Factor, value: int, arm: str, seconds: float, *, visit: int = 0, number: int = 1) -> Sample:
    """Four questions in so many seconds, the first token after a tenth of them."""
    (setting,) = vary(Setting(), factor, [value])
    load = Load(concurrency=setting.concurrency)
    timings = (
        Timing(arm, load, number, index, 0.0, seconds / 10, seconds, 8, f"expert-{index % 2}") for index in range(4)
    )
    return Sample(factor, setting, arm, visit, tuple(timings))
