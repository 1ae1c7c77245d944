"""All that a benchmark under load found, as one result."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from molora.benchmarks.load.arms import Arm
from molora.benchmarks.load.measure import Measured
from molora.benchmarks.load.plan import SEED, Plan
from molora.benchmarks.load.plots import draw_plots
from molora.benchmarks.load.ratios import summarise_ratios
from molora.benchmarks.load.shares import summarise_caches, summarise_experts, summarise_memory, summarise_router
from molora.benchmarks.load.summary import Slo, summarise_arms
from molora.benchmarks.results import Figure, Result, this_command, this_machine


@dataclass(frozen=True)
class Setup:
    """What was to be measured, of which deployment."""

    config: Path
    plan: Plan
    arms: Mapping[str, Arm]
    slo: Slo


def make_result(setup: Setup, measured: Measured, engine_bytes: Mapping[str, int]) -> Result:
    figures = (*_figures(setup, measured), *summarise_memory(engine_bytes))
    return Result(
        benchmark="load",
        title="Under load: plain vLLM and Molora, side by side",
        command=this_command(),
        seed=SEED,
        settings=_settings(setup),
        machine=this_machine(),
        figures=figures,
        plots=tuple(draw_plots(figures, setup.plan.loads)),
        notes=tuple(_notes(setup, measured)),
    )


def _figures(setup: Setup, measured: Measured) -> Iterator[Figure]:
    timings, arms, loads = measured.timings, list(setup.arms), setup.plan.loads
    yield from summarise_ratios(timings, loads)
    yield from summarise_arms(timings, arms, loads, setup.slo)
    yield from summarise_router(timings, [name for name in arms if setup.arms[name].routes], loads)
    yield from summarise_experts(timings, arms, loads, setup.plan.experts)
    yield from summarise_caches({arm: measured.prefix_caches[arm] for arm in arms})


def _settings(setup: Setup) -> dict[str, Any]:
    plan = setup.plan
    return {
        "config": str(setup.config),
        "experts": list(plan.experts),
        "popularity": plan.popularity.value,
        "loads": [load.name for load in plan.loads],
        "rounds": plan.num_rounds,
        "tokens": plan.num_tokens,
        "questions per picture": plan.per_picture,
        **asdict(setup.slo),
    }


def _notes(setup: Setup, measured: Measured) -> Iterator[str]:
    yield from (f"{name}: {arm.about} (server: {arm.server})." for name, arm in setup.arms.items())
    yield (
        "Sent by vLLM's load generator (vllm bench serve) over HTTP. Every arm takes a turn in each round, in "
        "shuffled order, with pictures of its own; ratios are within a round."
    )
    yield f"Goodput counts answers with TTFT up to {setup.slo.ttft_ms:g} ms and TPOT up to {setup.slo.tpot_ms:g} ms."
    yield "A question of the arm twice is two requests; its answer is there when both have ended, which is its TTFT."
    if measured.share_known:
        yield (
            f"Molora's router remembers what it has read: the text of {measured.share_known:.0%} of the questions that "
            "it was asked was one of this run before."
        )


def summarise(result: Result) -> dict[str, Any]:
    """The one JSON line that ends the benchmark."""
    told = ("ratios of questions/s", "added TTFT")
    chosen = [figure for figure in result.figures if figure.group in told]
    return {
        "benchmark": result.benchmark,
        "seed": result.seed,
        **result.settings,
        "figures": {f"{f.row}, {f.column}": {"value": f.value, "low": f.low, "high": f.high} for f in chosen},
    }
