"""Rounds of each encoder as a result."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial

import numpy as np

from molora.benchmarks.intervals import Estimate, over_rounds
from molora.benchmarks.results import Figure, Result, this_command, this_machine
from molora.benchmarks.router.speed import NUM_CORES, NUM_WAITING, SEED, Speed

GROUP = "a decision, without the cache"


def make_result(rounds: Mapping[str, Sequence[Speed]], accuracies: Mapping[str, float], num: int) -> Result:
    """`accuracies` of the encoders' heads, none where nothing was given to measure them on."""
    return Result(
        benchmark="router",
        title="The router: milliseconds a decision, and decisions a second",
        command=this_command(),
        seed=SEED,
        settings={"questions": num, "rounds": len(next(iter(rounds.values()))), "waiting": NUM_WAITING},
        machine=this_machine(),
        figures=tuple(figure for name in rounds for figure in _figures(name, rounds[name], accuracies)),
        notes=(
            f"One question at a time on one core; then {NUM_WAITING} at once on {NUM_CORES}. No question comes twice.",
            "Every encoder has a head of its own, trained alike on the same questions.",
        ),
    )


def _figures(name: str, speeds: Sequence[Speed], accuracies: Mapping[str, float]) -> Iterator[Figure]:
    ms, per_s = [speed.ms for speed in speeds], [[speed.per_s] for speed in speeds]
    for percent in (50, 99):
        estimate = over_rounds(ms, partial(np.percentile, q=percent))
        yield _figure(name, f"alone, p{percent}", estimate, "ms", higher=False)
    yield _figure(name, "at once", over_rounds(per_s, np.median), "questions/s", higher=True)
    if name in accuracies:
        yield _figure(name, "accuracy", Estimate(accuracies[name]), "", higher=True)


def _figure(row: str, column: str, estimate: Estimate, unit: str, *, higher: bool) -> Figure:
    better = "higher" if higher else "lower"
    return Figure(group=GROUP, row=row, column=column, unit=unit, better=better, **asdict(estimate))
