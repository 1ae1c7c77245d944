"""The turns of each factor, in an order that drift does not take for growth."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import httpx
from rich.console import Console
from rich.progress import track

from molora.benchmarks.load.drive import run_turn
from molora.benchmarks.scaling.points import Factor, Setting, vary
from molora.benchmarks.scaling.registry import Registry
from molora.benchmarks.scaling.samples import Sample
from molora.benchmarks.scaling.traffic import ARMS, make_turn


@dataclass(frozen=True)
class Site:
    """A running server; `default` is what it is measured at where a factor does not say otherwise."""

    url: str
    registry: Registry
    default: Setting
    console: Console


async def measure_in_turn(site: Site, factors: Mapping[Factor, Sequence[int]], rounds: int) -> list[Sample]:
    """All points of these factors take a turn in each round, in an order of its own; round 0 warms up."""
    points = [(factor, setting) for factor, values in factors.items() for setting in vary(site.default, factor, values)]
    samples: list[Sample] = []
    for number in track(range(rounds + 1), "rounds", console=site.console, transient=True):
        for factor, setting in random.Random(number).sample(points, len(points)):
            found = await _measure(site, factor, setting, number, 0)
            samples += found if number else []
    return samples


async def measure_experts(site: Site, values: Sequence[int], rounds: int) -> list[Sample]:
    """More and more experts, then fewer again: what drifts evenly falls on all alike."""
    each = max(1, rounds // 2)
    samples: list[Sample] = []
    for visit, order in enumerate((values, values[::-1])):
        for setting in vary(site.default, Factor.EXPERTS, order):
            site.registry.resize(setting.experts)
            samples += await measure_visit(site, Factor.EXPERTS, setting, visit, each)
    return samples


async def measure_visit(site: Site, factor: Factor, setting: Setting, visit: int, rounds: int) -> list[Sample]:
    """One point alone; the first round warms up."""
    samples: list[Sample] = []
    label = f"{factor} {setting.value(factor)}"
    for number in track(range(rounds + 1), label, console=site.console, transient=True):
        found = await _measure(site, factor, setting, (rounds + 1) * visit + number, visit)
        samples += found if number else []
    return samples


async def _measure(site: Site, factor: Factor, setting: Setting, number: int, visit: int) -> list[Sample]:
    """A turn of each arm; who is first changes."""
    names = site.registry.names
    return [
        Sample(factor, setting, arm, visit, tuple(await run_turn(make_turn(site.url, setting, arm, number, names))))
        for arm in (ARMS if number % 2 else ARMS[::-1])
    ]


def count_prompt_tokens(url: str, setting: Setting) -> int:
    """Of one question, as the server counts them: picture, template and all."""
    query = make_turn(url, setting, ARMS[0], 0, ()).queries[0]
    body = {"messages": query.messages, **query.bodies[0], "max_tokens": 1}
    with httpx.Client(trust_env=False, timeout=600) as http:
        answered = http.post(f"{url}/v1/chat/completions", json=body).raise_for_status().json()
    return int(answered["usage"]["prompt_tokens"])
