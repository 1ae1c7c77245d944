"""What each arm did under each load: throughput, goodput, and percentiles of TTFT, TPOT and end-to-end time."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial

import numpy as np

from molora.benchmarks.intervals import Estimate, over_rounds
from molora.benchmarks.load.timing import Load, Timing, by_round, rate, seconds, select
from molora.benchmarks.results import Figure

PERCENTS = (50, 90, 99)
TIMES: dict[str, Callable[[Timing], float | None]] = {
    "TTFT": lambda timing: timing.ttft_s,
    "TPOT": lambda timing: timing.tpot_s,
    "E2E": lambda timing: timing.latency_s,
}
Round = Sequence[Timing]


@dataclass(frozen=True)
class Slo:
    """What an answer must keep to, in milliseconds, to count as goodput."""

    ttft_ms: float
    tpot_ms: float

    def is_met(self, timing: Timing) -> bool:
        return 1e3 * timing.ttft_s <= self.ttft_ms and 1e3 * (timing.tpot_s or 0) <= self.tpot_ms


def summarise_arms(timings: Round, arms: Sequence[str], loads: Sequence[Load], slo: Slo) -> Iterator[Figure]:
    for load in loads:
        for arm in arms:
            rounds = list(by_round(select(timings, arm, load)).values())
            for column, told in _tell_rates(rounds, slo):
                yield Figure(group=load.name, row=arm, column=column, better="higher", **asdict(told))
            for name, percent, told in _tell_times(rounds):
                place = {"group": name_times(load, name), "row": arm, "column": f"p{percent}"}
                yield Figure(**place, unit="ms", better="lower", **asdict(told))


def name_times(load: Load, name: str) -> str:
    """The group of a time's figures."""
    return f"{load.name}, {name}"


def _tell_rates(rounds: Sequence[Round], slo: Slo) -> Iterator[tuple[str, Estimate]]:
    """Medians over rounds."""
    yield "questions/s", throughput(rounds, rate)
    yield "tokens/s", throughput(rounds, lambda one: sum(timing.num_tokens for timing in one) / seconds(one))
    yield "goodput, questions/s", throughput(rounds, lambda one: sum(map(slo.is_met, one)) / seconds(one))


def _tell_times(rounds: Sequence[Round]) -> Iterator[tuple[str, int, Estimate]]:
    """Percentiles of all rounds' together."""
    for name, read in TIMES.items():
        for percent in PERCENTS:
            if told := time_ms(rounds, read, percent):
                yield name, percent, told


def throughput(rounds: Sequence[Round], read: Callable[[Round], float]) -> Estimate:
    return over_rounds([[read(one)] for one in rounds], np.median)


def time_ms(rounds: Sequence[Round], read: Callable[[Timing], float | None], percent: int) -> Estimate | None:
    """None where there is nothing to be read."""
    values = [[1e3 * value for timing in one if (value := read(timing)) is not None] for one in rounds]
    told = [one for one in values if one]
    return over_rounds(told, partial(np.percentile, q=percent)) if told else None
