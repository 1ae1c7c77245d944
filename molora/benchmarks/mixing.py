"""What mixing costs: requests for the bare backbone, one expert, two, and all of them; and one expert on plain vLLM.

`molora bench mixing --config configs/demo.yaml`. Gates are given by hand, other ones in every request, so no router is
at work and no two mixtures are equal. Both servers are up at once; each round all arms take their turn, in an order
of its own, with questions and pictures of their own: nothing an arm asks is in a cache by another's doing.
"""

import random
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table

from molora.benchmarks.load import Round, Target
from molora.benchmarks.metrics import Timing, rates_by_round
from molora.benchmarks.questions import ONE_TYPE, Example, make_examples

SEED = 78_000_000
BASE, HARD, TOP2, SOFT, STOCK = "base", "hard", "top2", "soft", "vllm"
RATIOS = ((BASE, HARD), (TOP2, HARD), (SOFT, HARD), (HARD, STOCK), (HARD, BASE))
"""Of requests per second."""


@dataclass(frozen=True)
class Ratio:
    """Of one arm's requests per second to another's, round by round."""

    ours: str
    theirs: str
    by_round: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.by_round)


class Memory(NamedTuple):
    """Bytes of vLLM's processes, under Molora and under plain vLLM."""

    ours: int
    theirs: int


def choose_hard(example: Example, experts: Sequence[str]) -> dict[str, Any]:
    return {"model": random.Random(repr(example)).choice(experts)}


def choose_mixture(example: Example, experts: Sequence[str], num: int) -> dict[str, Any]:
    """Random gates that sum to 1, on random experts."""
    rng = random.Random(repr(example))
    names = rng.sample(experts, num)
    shares = [rng.random() + 0.01 for _ in names]
    return {"model": "auto", "routing": {"gates": {n: s / sum(shares) for n, s in zip(names, shares, strict=True)}}}


def make_targets(ours: str, theirs: str, experts: Sequence[str]) -> list[Target]:
    """The arms, of the two servers' addresses."""
    hard = partial(choose_hard, experts=experts)
    arms: dict[str, Callable[[Example], dict[str, Any]]] = {
        BASE: lambda _: {"model": "base"},
        HARD: hard,
        TOP2: partial(choose_mixture, experts=experts, num=2),
        SOFT: partial(choose_mixture, experts=experts, num=len(experts)),
    }
    return [*(Target(name, ours, choose) for name, choose in arms.items()), Target(STOCK, theirs, hard)]


def plan_turns(
    targets: Sequence[Target], num_rounds: int, concurrency: int, num_tokens: int
) -> Iterator[tuple[Target, Round]]:
    """Round 0 warms up and is not counted. Each client sends about two requests a turn.

    Rounds are short, so that a drifting machine drifts little within one. In each the arms are shuffled: the server
    that had the turn before leaves its mark.
    """
    for number in range(num_rounds + 1):
        for place, target in enumerate(random.Random(number).sample(targets, len(targets))):
            examples = list(make_examples(SEED + 100 * number + place, 2 * concurrency, ONE_TYPE))
            yield target, Round(number, concurrency, examples, num_tokens)


def compare_arms(timings: Sequence[Timing]) -> list[Ratio]:
    rates = {name: rates_by_round(timings, name) for name in {timing.server for timing in timings}}
    return [
        Ratio(one, other, tuple(a / b for a, b in zip(rates[one], rates[other], strict=True))) for one, other in RATIOS
    ]


def print_table(console: Console, ratios: Sequence[Ratio], memory: Memory) -> None:
    table = Table("requests per second", "median", "min", "max", title="What mixing costs, as ratios within a round")
    for one in ratios:
        figures = (one.median, min(one.by_round), max(one.by_round))
        table.add_row(f"{one.ours} / {one.theirs}", *(f"{figure:.3f}" for figure in figures))
    console.print(table)
    ours, theirs = (f"{size / 2**20:.0f} MiB" for size in memory)
    console.print(f"Memory of the engine: {ours}, plain vLLM {theirs}, ratio {memory.ours / memory.theirs:.3f}")


def summarise(ratios: Sequence[Ratio], memory: Memory, timings: Sequence[Timing], num_tokens: int) -> dict[str, Any]:
    """The one JSON line that ends the benchmark."""
    rates = {name: statistics.median(rates_by_round(timings, name)) for name in sorted({t.server for t in timings})}
    rows = {f"{one.ours}/{one.theirs}": {"median": one.median, "by_round": one.by_round} for one in ratios}
    return {
        "benchmark": "mixing",
        "seed": SEED,
        "num_tokens": num_tokens,
        "requests_per_s": rates,
        "ratios": rows,
        "engine_bytes": memory._asdict(),
    }
