"""What Molora costs: `model: auto` against a plain `vllm serve --enable-lora` whose caller names the adapter by hand.

`molora bench overhead --config configs/demo.yaml`. Both servers are up at once with equal settings and get the same
requests in turn, round by round (ABBA...), so that whatever else the machine does falls on both alike.
"""

import dataclasses
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from molora.benchmarks.load import Round, Target, run_turns
from molora.benchmarks.metrics import Overhead, Timing, compare
from molora.benchmarks.questions import ONE_TYPE, make_examples

SEED = 77_000_000
OURS, THEIRS = "molora", "vllm"
HEADINGS = ("clients", "requests/s", "ratio", "TTFT", "added", "router")


def plan_rounds(num_rounds: int, concurrencies: Sequence[int], num_tokens: int) -> Iterator[Round]:
    """Round 0 warms up and is not counted. Every round asks new questions about new pictures."""
    for number in range(num_rounds + 1):
        for concurrency in concurrencies:
            seed = SEED + number * 1000 + concurrency
            examples = list(make_examples(seed, max(32, 8 * concurrency), ONE_TYPE))
            yield Round(number, concurrency, examples, num_tokens)


async def measure(ours: str, theirs: str, plans: Sequence[Round], console: Console) -> list[Timing]:
    """Timings of all counted rounds at the two servers' addresses."""
    targets = [
        Target(THEIRS, theirs, lambda example: {"model": example.question.kinds[0]}),
        Target(OURS, ours, lambda _: {"model": "auto"}),
    ]
    turns = [(target, plan) for plan in plans for target in (targets if plan.number % 2 else targets[::-1])]
    return await run_turns(turns, console)


def write_timings(timings: Sequence[Timing], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(dataclasses.asdict(timing)) + "\n" for timing in timings))


def compare_all(timings: Sequence[Timing]) -> list[Overhead]:
    concurrencies = sorted({timing.concurrency for timing in timings})
    return [compare(timings, concurrency, OURS, THEIRS) for concurrency in concurrencies]


def print_table(console: Console, overheads: Sequence[Overhead]) -> None:
    table = Table(title="vllm serve (adapter named by hand), then Molora (model: auto); times in ms")
    for heading in HEADINGS:
        table.add_column(heading, justify="right")
    for one in overheads:
        table.add_row(
            str(one.concurrency),
            f"{one.theirs_per_s:.1f}, {one.ours_per_s:.1f}",
            f"{one.ratio:.3f} ({min(one.ratios):.3f} to {max(one.ratios):.3f})",
            f"{one.theirs_ttft_ms:.0f}, {one.ours_ttft_ms:.0f}",
            f"{one.added_ttft_ms:.1f}",
            f"{one.router_ms:.1f}",
        )
    console.print(table)


def summarise(overheads: Sequence[Overhead], num_tokens: int) -> dict[str, Any]:
    """The one JSON line that ends the benchmark."""
    rows = [dataclasses.asdict(one) | {"ratio": one.ratio} for one in overheads]
    return {"benchmark": "overhead", "seed": SEED, "num_tokens": num_tokens, "concurrency": rows}
