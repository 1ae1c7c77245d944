"""All turns of a benchmark under load, one after the other."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.progress import track

from molora.benchmarks.load.arms import MOLORA, Arm, pair_questions
from molora.benchmarks.load.counters import PrefixCache, read_prefix_cache
from molora.benchmarks.load.drive import Query, Turn, run_turn
from molora.benchmarks.load.gates import ask_gates
from molora.benchmarks.load.plan import Ask, Plan, Slot, draw_asks, plan_slots
from molora.benchmarks.load.timing import Timing
from molora.benchmarks.messages import ask as as_messages


@dataclass(frozen=True)
class Measured:
    """Of the counted rounds. `share_known` is of the questions of arms that route: their text was read before."""

    timings: Sequence[Timing]
    prefix_caches: Mapping[str, PrefixCache]
    share_known: float


async def measure(plan: Plan, arms: Mapping[str, Arm], urls: Mapping[str, str], console: Console) -> Measured:
    """`urls` are the servers' addresses by name."""
    timings: list[Timing] = []
    caches: dict[str, PrefixCache] = defaultdict(PrefixCache)
    slots = list(plan_slots(plan, pair_questions(arms)))
    for slot in track(slots, "turns", console=console, transient=True):
        asks = draw_asks(plan, slot)
        if arms[slot.arm].wants_gates:
            asks = await ask_gates(urls[MOLORA], asks, plan.experts)
        turn = make_turn(plan, slot, arms[slot.arm], asks, urls)
        before = await read_prefix_cache(turn.url)
        found = await run_turn(turn)
        if slot.round > 0:
            timings += found
            caches[slot.arm] += await read_prefix_cache(turn.url) - before
    return Measured(timings, caches, share_known(plan, slots, arms))


def make_turn(plan: Plan, slot: Slot, arm: Arm, asks: Sequence[Ask], urls: Mapping[str, str]) -> Turn:
    queries = [Query(as_messages(ask.example), arm.bodies(ask)) for ask in asks]
    return Turn(slot.arm, urls[arm.server], slot.load, slot.round, queries, plan.num_tokens)


def share_known(plan: Plan, slots: Sequence[Slot], arms: Mapping[str, Arm]) -> float:
    """Counted, of the questions of counted rounds, are texts that the router was asked before."""
    read: set[str] = set()
    known: list[bool] = []
    for slot in slots:
        if arms[slot.arm].routes or arms[slot.arm].wants_gates:
            texts = [ask.example.question.text for ask in draw_asks(plan, slot)]
            known += [text in read for text in texts if slot.round > 0 and arms[slot.arm].routes]
            read.update(texts)
    return sum(known) / len(known) if known else 0.0
