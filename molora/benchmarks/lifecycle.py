"""What it costs that experts come and go, and that there are many more of them than slots.

`molora bench lifecycle --config configs/demo.yaml`. First experts are uploaded one by one, each asked by `auto` as soon
as it answers. Then the arms take turns, in an order of their own in each round: few experts that all have a slot; many,
asked by Zipf's law (the popularity of the k-th is proportional to 1/k); the few again, while others come and go.
"""

import asyncio
import random
import statistics
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

from molora.benchmarks.load.drive import Query, Turn, run_turn
from molora.benchmarks.load.popularity import Popularity
from molora.benchmarks.load.timing import Load, Timing, by_round, rate
from molora.benchmarks.many_experts import Administrator
from molora.benchmarks.messages import ask
from molora.benchmarks.metrics import percentile
from molora.benchmarks.questions import ONE_TYPE, make_examples

SEED = 79_000_000
FEW, MANY, LOADING = "few", "many", "loading"
TOPICS = (
    *("sea ports", "old coins", "bread recipes", "violin strings", "moon craters", "tax forms", "horse breeds"),
    *("bridge cables", "wine labels", "chess openings", "road signs", "quilt patterns"),
)


@dataclass(frozen=True)
class Upload:
    """`ready_s` until it is ready, `routed_s` until it has answered a question of its own that `auto` was asked."""

    ready_s: float
    routed_s: float
    was_routed: bool


def upload_one(administrator: Administrator, name: str, files: dict[str, bytes], topic: str) -> Upload:
    examples = [f"What do you know about {topic}?", f"Tell me more of {topic}.", f"Which {topic} are these?"]
    started = time.perf_counter()
    administrator.add(name, files, f"Everything about {topic}.", examples)
    ready = time.perf_counter()
    expert = administrator.ask(f"What can be said about {topic} here?")
    return Upload(ready - started, time.perf_counter() - started, expert == name)


def upload_all(
    administrator: Administrator, adapters: Sequence[tuple[str, dict[str, bytes]]], console: Console
) -> list[Upload]:
    """The first of each topic is asked by `auto`; the others are of no topic, and only come."""
    uploads = [
        upload_one(administrator, name, files, topic) for topic, (name, files) in zip(TOPICS, adapters, strict=False)
    ]
    for name, files in track(adapters[len(TOPICS) :], "uploads", console=console, transient=True):
        administrator.add(name, files, f"Nothing but {name}.")
    return uploads


@dataclass(frozen=True)
class Arm:
    """A server, and those of its experts that are asked."""

    name: str
    url: str
    experts: Sequence[str]


def plan_turn(arm: Arm, number: int, place: int, concurrency: int) -> Turn:
    """Eight questions a client, answers of eight tokens, to experts by Zipf's law; no two turns ask the same."""
    seed = SEED + 10 * number + place
    examples = make_examples(seed, 8 * concurrency, ONE_TYPE)
    asked = random.Random(seed).choices(arm.experts, Popularity.ZIPF.weights(len(arm.experts)), k=8 * concurrency)
    queries = [Query(ask(one), ({"model": name},)) for one, name in zip(examples, asked, strict=True)]
    return Turn(arm.name, arm.url, Load(concurrency=concurrency), number, queries, 8)


def measure(arms: Sequence[Arm], rounds: int, concurrency: int, churn: "Churn", console: Console) -> list[Timing]:
    """Round 0 warms up and is not counted."""
    timings: list[Timing] = []
    for number in track(range(rounds + 1), "rounds", console=console, transient=True):
        for place, arm in enumerate(random.Random(number).sample(arms, len(arms))):
            with churn.going(arm.name == LOADING):
                found = asyncio.run(run_turn(plan_turn(arm, number, place, concurrency)))
            timings += found if number > 0 else []
    return timings


def make_arms(url: str, experts: Sequence[str], few: int) -> list[Arm]:
    return [Arm(name, url, experts if name == MANY else experts[:few]) for name in (FEW, MANY, LOADING)]


class Churn:
    """An expert that comes every so many seconds, and goes, for as long as it is asked to."""

    def __init__(self, administrator: Administrator, name: str, files: dict[str, bytes], every_s: float) -> None:
        self._administrator, self._name, self._files, self._every_s = administrator, name, files, every_s
        self.num_loads = 0

    @contextmanager
    def going(self, wanted: bool) -> Iterator[None]:
        over = threading.Event()
        thread = threading.Thread(target=self._run, args=(over,))
        if wanted:
            thread.start()
        try:
            yield
        finally:
            over.set()
            if wanted:
                thread.join()

    def _run(self, over: threading.Event) -> None:
        while not over.is_set():
            due = time.monotonic() + self._every_s
            self._administrator.add(self._name, self._files, "It comes and goes.")
            self._administrator.remove(self._name)
            self.num_loads += 1
            over.wait(due - time.monotonic())


def summarise(uploads: Sequence[Upload], timings: Sequence[Timing], num_experts: int, num_loads: int) -> dict[str, Any]:
    """The one JSON line that ends the benchmark; ratios are medians over the rounds."""
    chosen = {arm: [timing for timing in timings if timing.arm == arm] for arm in (FEW, MANY, LOADING)}
    rates = {arm: [rate(one) for one in by_round(chosen[arm]).values()] for arm in chosen}
    ratios = {arm: [a / b for a, b in zip(rates[arm], rates[FEW], strict=True)] for arm in (MANY, LOADING)}
    ttft = {arm: _in_ms([timing.ttft_s for timing in chosen[arm]]) for arm in chosen}
    tpot = {arm: _in_ms([timing.tpot_s or 0 for timing in chosen[arm]]) for arm in chosen}
    return {
        "benchmark": "lifecycle",
        "seed": SEED,
        "num_experts": num_experts,
        "ready_s": statistics.median(upload.ready_s for upload in uploads),
        "routed_s": statistics.median(upload.routed_s for upload in uploads),
        "share_routed": statistics.mean(upload.was_routed for upload in uploads),
        "requests_per_s": {arm: statistics.median(rates[arm]) for arm in rates},
        "ratios": {arm: {"median": statistics.median(found), "by_round": found} for arm, found in ratios.items()},
        "ttft_ms": ttft,
        "tpot_ms": tpot,
        "p99_ttft_ratio": ttft[LOADING]["p99"] / ttft[FEW]["p99"],
        "num_loads": num_loads,
    }


def _in_ms(seconds: Sequence[float]) -> dict[str, float]:
    return {f"p{percent}": 1e3 * percentile(seconds, percent) for percent in (50, 99)}


def print_table(console: Console, told: dict[str, Any]) -> None:
    console.print(
        f"Upload to ready {told['ready_s']:.2f} s, to its first routed answer {told['routed_s']:.2f} s (medians); "
        f"{told['share_routed']:.0%} were routed to"
    )
    title = f"{told['num_experts']} experts in turn with few; {told['num_loads']} loads beside the last"
    table = Table("experts", "requests/s", "to few", "TTFT ms", "p99", "TPOT ms", "p99", title=title)
    for arm, per_s in told["requests_per_s"].items():
        ratio = told["ratios"].get(arm, {"median": 1.0})["median"]
        times = [f"{told[key][arm][p]:.0f}" for key in ("ttft_ms", "tpot_ms") for p in ("p50", "p99")]
        table.add_row(arm, f"{per_s:.1f}", f"{ratio:.3f}", *times)
    console.print(table)
