"""Whose share it is: the router's in time, each expert's in questions, the cache's in prompts, each engine's memory."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict

import numpy as np

from molora.benchmarks.intervals import Estimate, over_rounds
from molora.benchmarks.load.counters import PrefixCache
from molora.benchmarks.load.summary import PERCENTS, Round, time_ms
from molora.benchmarks.load.timing import Load, by_round, select
from molora.benchmarks.results import Figure


def summarise_router(timings: Round, arms: Sequence[str], loads: Sequence[Load]) -> Iterator[Figure]:
    """`arms` are those that it is at work in. The share is of each question's end-to-end time."""
    for load in loads:
        for arm in arms:
            rounds = list(by_round(select(timings, arm, load)).values())
            for column, unit, told in _tell_router(rounds):
                place = {"group": "router", "row": f"{arm}, {load.name}", "column": column}
                yield Figure(**place, unit=unit, better="lower", **asdict(told))


def _tell_router(rounds: Sequence[Round]) -> Iterator[tuple[str, str, Estimate]]:
    for percent in PERCENTS:
        if told := time_ms(rounds, lambda timing: timing.router_ms and timing.router_ms / 1e3, percent):
            yield f"p{percent}", "ms", told
    shares = [[0.1 * (timing.router_ms or 0) / timing.latency_s for timing in one] for one in rounds]
    yield "share", "%", over_rounds(shares, np.median)


def summarise_experts(
    timings: Round, arms: Sequence[str], loads: Sequence[Load], experts: Sequence[str]
) -> Iterator[Figure]:
    """Of arms in which one expert answers, or leads."""
    for load in loads:
        for arm in arms:
            chosen = select(timings, arm, load)
            for expert in experts:
                yield from _tell_expert(
                    load, f"{arm}: {expert}", [t for t in chosen if t.expert == expert], len(chosen)
                )


def _tell_expert(load: Load, row: str, timings: Round, num_all: int) -> Iterator[Figure]:
    if not timings:
        return
    group = f"experts, {load.name}"
    yield Figure(group=group, row=row, column="share", value=100 * len(timings) / num_all, unit="%")
    for column, values in (("TTFT p50", [t.ttft_s for t in timings]), ("E2E p50", [t.latency_s for t in timings])):
        yield Figure(
            group=group, row=row, column=column, value=1e3 * float(np.median(values)), unit="ms", better="lower"
        )


def summarise_caches(caches: Mapping[str, PrefixCache]) -> Iterator[Figure]:
    for arm, cache in caches.items():
        yield Figure(group="prefix cache", row=arm, column="hits", value=100 * cache.hit_rate, unit="%")


def summarise_memory(engine_bytes: Mapping[str, int]) -> Iterator[Figure]:
    for server, size in engine_bytes.items():
        yield Figure(group="memory", row=server, column="engine", value=size / 2**20, unit="MiB", better="lower")
