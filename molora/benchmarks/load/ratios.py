"""One arm against another, within each round: what the machine did meanwhile falls on both."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Literal

import numpy as np

from molora.benchmarks.intervals import over_rounds
from molora.benchmarks.load.summary import Round
from molora.benchmarks.load.timing import Load, by_round, rate, select
from molora.benchmarks.results import Figure

RATIOS = (
    ("top1", "vllm"),
    ("top1", "manual"),
    ("top2", "top1"),
    ("soft", "top1"),
    ("twice", "top2"),
    ("merged", "top2"),
    ("base", "vllm-base"),
)
"""Of questions per second."""
OTHERS = ("twice", "merged")
"""What one would do without Molora: better is neither way."""
PAIRS = (("top1", "manual"), ("top1", "vllm"))
"""That ask the same questions: added TTFT is of each question."""


def summarise_ratios(timings: Round, loads: Sequence[Load]) -> Iterator[Figure]:
    """Of closed loops: where questions arrive by themselves, throughput is what arrives. The added TTFT is that of one
    client."""
    arms = {timing.arm for timing in timings}
    for load in loads:
        if load.concurrency:
            yield from (compare(timings, load, *pair) for pair in RATIOS if arms.issuperset(pair))
        if load.concurrency == 1:
            yield from (add_ttft(timings, load, *pair) for pair in PAIRS if arms.issuperset(pair))


def compare(timings: Round, load: Load, ours: str, theirs: str) -> Figure:
    one, other = (by_round(select(timings, arm, load)) for arm in (ours, theirs))
    estimate = over_rounds([[rate(one[number]) / rate(other[number])] for number in one], np.median)
    row, better = f"{ours} / {theirs}", _better(ours)
    return Figure(group="ratios of questions/s", row=row, column=load.name, better=better, **asdict(estimate))


def _better(ours: str) -> Literal["higher", "neither"]:
    return "neither" if ours in OTHERS else "higher"


def add_ttft(timings: Round, load: Load, ours: str, theirs: str) -> Figure:
    one, other = (by_round(select(timings, arm, load)) for arm in (ours, theirs))
    added = [[1e3 * (a.ttft_s - b.ttft_s) for a, b in zip(one[n], other[n], strict=True)] for n in one]
    estimate = over_rounds(added, np.median)
    row = f"{ours} - {theirs}"
    return Figure(group="added TTFT", row=row, column=load.name, unit="ms", better="lower", **asdict(estimate))
