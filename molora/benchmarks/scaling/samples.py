"""What one turn came to, and its raw record."""

import dataclasses
import json
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from molora.benchmarks.load.timing import Timing, rate
from molora.benchmarks.scaling.points import Factor, Setting
from molora.files import replacing


@dataclass(frozen=True)
class Sample:
    """One counted turn. `visit` counts how often its point was come to, from 0."""

    factor: Factor
    setting: Setting
    arm: str
    visit: int
    timings: tuple[Timing, ...]

    @property
    def value(self) -> int:
        return self.setting.value(self.factor)

    @property
    def questions_per_s(self) -> float:
        return rate(self.timings)

    @property
    def ttft_ms(self) -> float:
        """Its median."""
        return 1e3 * statistics.median(timing.ttft_s for timing in self.timings)


def select(samples: Iterable[Sample], factor: Factor, arm: str) -> dict[int, list[Sample]]:
    """By value, ascending."""
    chosen: dict[int, list[Sample]] = {}
    for sample in sorted((s for s in samples if (s.factor, s.arm) == (factor, arm)), key=lambda s: s.value):
        chosen.setdefault(sample.value, []).append(sample)
    return chosen


def write_samples(samples: Sequence[Sample], path: Path) -> None:
    """A line a question."""
    with replacing(path) as unfinished, unfinished.open("w") as file:
        for sample in samples:
            place = {"factor": sample.factor, "visit": sample.visit, "setting": dataclasses.asdict(sample.setting)}
            file.writelines(json.dumps(place | dataclasses.asdict(timing)) + "\n" for timing in sample.timings)
