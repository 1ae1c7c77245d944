"""Soaks made up: what was sent and seen of them."""

from dataclasses import replace
from typing import Any

from molora.benchmarks.soak.client import Exchange
from molora.benchmarks.soak.soak import Pace, Soaked
from molora.benchmarks.soak.watch import Sample, State

MIB = 2**20
BEGAN_S, SECONDS = 1000.0, 900.0
ONE = Exchange("top1", True, 1, "", BEGAN_S, BEGAN_S, BEGAN_S + 0.1, BEGAN_S + 0.2, 200, 2)
IDLE = State(BEGAN_S + SECONDS, True, {"running": 0.0, "waiting": 0.0})


def exchange(
    at_s: float, ttft_s: float = 0.1, latency_s: float = 0.2, late_s: float = 0.001, **fields: Any
) -> Exchange:
    due_s, sent_s = BEGAN_S + at_s, BEGAN_S + at_s + late_s
    return replace(ONE, due_s=due_s, sent_s=sent_s, first_s=sent_s + ttft_s, end_s=sent_s + latency_s, **fields)


def sample(at_s: float, part: str, mib: float, *, pid: int = 1, files: int = 10) -> Sample:
    return Sample(BEGAN_S + at_s, part, pid, int(2 * mib * MIB), int(mib * MIB), files)


def soaked(**fields: Any) -> Soaked:
    """Ten requests a second with a front that grows by a MiB a minute, where `fields` do not say otherwise."""
    whole = Soaked(
        Pace(10.0, 12.5),
        BEGAN_S,
        SECONDS,
        [exchange(place / 10) for place in range(9000)],
        [sample(at_s, "front", 100 + at_s / 60) for at_s in range(0, 901, 5)],
        [IDLE],
    )
    return replace(whole, **fields)
