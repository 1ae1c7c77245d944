"""Servers for the factors: one for most of them, and one for each number of slots.

`molora bench scaling --config configs/demo.yaml`.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from molora.benchmarks import many_experts as many
from molora.benchmarks.scaling.measure import (
    Site,
    count_prompt_tokens,
    measure_experts,
    measure_in_turn,
    measure_visit,
)
from molora.benchmarks.scaling.points import ON_ONE_SERVER, Factor, Setting, vary
from molora.benchmarks.scaling.registry import Registry
from molora.benchmarks.scaling.samples import Sample
from molora.benchmarks.serving import running
from molora.config import Config

TWICE_THE_SLOTS = 2
"""Experts, where slots are what changes: at the most slots they still do not all fit."""


@dataclass(frozen=True)
class Plan:
    """`default` has the configuration's own experts."""

    config: Config
    factors: Mapping[Factor, Sequence[int]]
    default: Setting
    rounds: int
    folder: Path


@dataclass(frozen=True)
class Measured:
    samples: Sequence[Sample]
    tokens: Mapping[tuple[Factor, int], int]


def measure(plan: Plan, console: Console) -> Measured:
    in_turn = {factor: values for factor, values in plan.factors.items() if factor in ON_ONE_SERVER}
    samples: list[Sample] = []
    tokens: dict[tuple[Factor, int], int] = {}
    if in_turn or Factor.EXPERTS in plan.factors:
        with _serving(plan, plan.default, console) as site:
            tokens = _count_tokens(site, in_turn)
            samples += asyncio.run(measure_in_turn(site, in_turn, plan.rounds)) if in_turn else []
            if Factor.EXPERTS in plan.factors:
                samples += asyncio.run(measure_experts(site, plan.factors[Factor.EXPERTS], plan.rounds))
    return Measured([*samples, *_measure_slots(plan, console)], tokens)


def _measure_slots(plan: Plan, console: Console) -> Iterator[Sample]:
    """The first number comes once more at the end: what it differs by then has drifted."""
    values = plan.factors.get(Factor.SLOTS, ())
    if not values:
        return
    default = replace(plan.default, experts=max(plan.default.experts, TWICE_THE_SLOTS * max(values)))
    for place, setting in enumerate(vary(default, Factor.SLOTS, [*values, values[0]])):
        with _serving(plan, setting, console) as site:
            site.registry.resize(setting.experts)
            visit = int(place == len(values))
            yield from asyncio.run(measure_visit(site, Factor.SLOTS, setting, visit, plan.rounds))


def _count_tokens(site: Site, factors: Mapping[Factor, Sequence[int]]) -> dict[tuple[Factor, int], int]:
    """Of those that change a prompt."""
    points = [(f, value) for f in (Factor.PROMPT, Factor.PICTURE) for value in factors.get(f, ())]
    return {(f, value): count_prompt_tokens(site.url, *vary(site.default, f, [value])) for f, value in points}


@contextmanager
def _serving(plan: Plan, setting: Setting, console: Console) -> Iterator[Site]:
    most = max(setting.experts, *plan.factors.get(Factor.EXPERTS, (0,)))
    deployment = many.write_deployment(plan.folder, plan.config, setting.slots, most)
    log = plan.folder / f"molora-{setting.slots}-slots.log"
    with running(many.command(deployment), log, console) as server:
        registry = Registry(many.Administrator(server.url), plan.config, console)
        yield Site(server.url, registry, setting, console)


def tell(plan: Plan, config: Path) -> dict[str, Any]:
    """What it was measured with."""
    points = {str(factor): list(values) for factor, values in plan.factors.items()}
    return {"config": str(config), "rounds": plan.rounds, "default": asdict(plan.default), "points": points}


def name_limits(config: Config, default: Setting, factors: Mapping[Factor, Sequence[int]]) -> Iterator[str]:
    """Where the deployment itself has bounds, of what may bend a curve."""
    if num_seqs := config.engine.options.get("max_num_seqs"):
        yield f"The engine works on {num_seqs} requests at once (max_num_seqs)."
    if Factor.EXPERTS in factors:
        yield (
            f"With more than {default.slots} experts those that are asked take turns in {default.slots} slots. Experts "
            "that come have a description of no subject, so the router, which weighs them all, mostly chooses others."
        )
    if Factor.SLOTS in factors:
        yield "Slots were varied with twice as many experts as the most slots; each number had a server of its own."
    if Factor.PICTURE in factors:
        yield "A picture grows by being enlarged; how many tokens it takes then is up to the model's processor."
