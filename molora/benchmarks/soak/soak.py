"""A server under mixed traffic at a share of what it can do, watched all the while.

A closed loop finds out how many requests a second the server can do; then as many as the share arrive, by a Poisson
process, whether or not earlier ones have been answered.
"""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
from rich.console import Console
from rich.progress import track

from molora.benchmarks.soak.client import Client, Exchange
from molora.benchmarks.soak.loops import Act, arrivals, beside, closed_loop, count_rate, open_loop
from molora.benchmarks.soak.newcomer import Newcomer
from molora.benchmarks.soak.traffic import SEED, Traffic
from molora.benchmarks.soak.watch import Sample, State, Watch
from molora.benchmarks.streams import open_session

LOOK_EVERY_S = 5.0


@dataclass(frozen=True)
class Server:
    """`processes` gives those of the server, its own first; of one that runs elsewhere none."""

    url: str
    experts: Sequence[str]
    processes: Callable[[], Sequence[psutil.Process]] = list
    newcomer: Newcomer | None = None


@dataclass(frozen=True)
class Plan:
    """In `capacity_s` as many clients find out what the server can do, unless `rate_per_s` is given."""

    seconds: float
    rate_per_s: float | None = None
    share: float = 0.8
    num_clients: int = 32
    capacity_s: float = 60.0
    newcomer_every_s: float = 30.0


@dataclass(frozen=True)
class Pace:
    """`capacity_per_s` where it was found out, by `exchanges`."""

    rate_per_s: float
    capacity_per_s: float | None = None
    exchanges: Sequence[Exchange] = ()


@dataclass(frozen=True)
class Soaked:
    """All that was sent and seen. Traffic arrived from `began_s` on, for `seconds`."""

    pace: Pace
    began_s: float
    seconds: float
    exchanges: Sequence[Exchange]
    samples: Sequence[Sample]
    states: Sequence[State]


async def soak(server: Server, plan: Plan, console: Console) -> Soaked:
    """Golden questions are asked one by one at the beginning, and again when all is over."""
    traffic = Traffic(server.experts)
    async with open_session() as session:
        client, watch = Client(session, server.url), Watch(session, server.url, server.processes)
        exchanges = [await client.send(golden) for golden in traffic.goldens]
        if server.newcomer:
            await server.newcomer.come_and_go(client)  # the first starts PEFT's process
        pace = await find_pace(client, traffic, plan, console)
        began_s = time.perf_counter()
        due = [began_s + offset for offset in arrivals(pace.rate_per_s, plan.seconds, SEED)]
        async with beside(*make_acts(server, plan, client, watch)):
            due_now = track(due, f"{pace.rate_per_s:.1f} requests a second", console=console, transient=True)
            exchanges += [*pace.exchanges, *await open_loop(client, traffic, due_now)]
        await watch.idle()
        exchanges += [await client.send(golden) for golden in traffic.goldens]
    exchanges += server.newcomer.exchanges if server.newcomer else []
    return Soaked(pace, began_s, plan.seconds, exchanges, watch.samples, watch.states)


async def find_pace(client: Client, traffic: Traffic, plan: Plan, console: Console) -> Pace:
    if plan.rate_per_s is not None:
        return Pace(plan.rate_per_s)
    with console.status(f"What can the server do? {plan.num_clients} clients, {plan.capacity_s:.0f} s"):
        exchanges = await closed_loop(client, traffic, plan.num_clients, plan.capacity_s)
    capacity_per_s = count_rate(exchanges, plan.capacity_s)
    return Pace(plan.share * capacity_per_s, capacity_per_s, exchanges)


def make_acts(server: Server, plan: Plan, client: Client, watch: Watch) -> list[Act]:
    watching, newcomer = Act(LOOK_EVERY_S, watch.look), server.newcomer
    if newcomer is None:
        return [watching]
    return [watching, Act(plan.newcomer_every_s, lambda: newcomer.come_and_go(client))]


def write_records(soaked: Soaked, folder: Path) -> None:
    """A file of exchanges, one of samples, one of states."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("exchanges", "samples", "states"):
        lines = [json.dumps(asdict(record)) + "\n" for record in getattr(soaked, name)]
        (folder / f"{name}.jsonl").write_text("".join(lines))
