"""A whole soak, of a server by hand."""

import json
from pathlib import Path

import psutil
import pytest
from rich.console import Console

from molora.benchmarks.soak.counts import count
from molora.benchmarks.soak.soak import Plan, Server, Soaked, soak, write_records
from molora.benchmarks.soak.traffic import NUM_GOLDENS
from tests.benchmarks.soak.answering import METRICS, AnsweringServer, serving
from tests.benchmarks.soak.seen import soaked as made_up

IDLE = METRICS.replace("2.0", "0.0").replace("1.0", "0.0")


async def run(answering: AnsweringServer, plan: Plan) -> Soaked:
    async with serving(answering) as url:
        server = Server(url, ["spatial", "social"], lambda: [psutil.Process()])
        return await soak(server, plan, Console(quiet=True))


async def test_traffic_is_a_share_of_what_the_server_can_do() -> None:
    answering = AnsweringServer(metrics=IDLE)
    soaked = await run(answering, Plan(seconds=1.0, share=0.5, num_clients=2, capacity_s=1.0))
    assert soaked.pace.capacity_per_s is not None
    assert soaked.pace.rate_per_s == pytest.approx(soaked.pace.capacity_per_s / 2)
    assert len(soaked.exchanges) == len(answering.bodies) > 2 * NUM_GOLDENS + len(soaked.pace.exchanges)


async def test_golden_questions_are_asked_before_and_after() -> None:
    soaked = await run(AnsweringServer(metrics=IDLE), Plan(seconds=0.5, rate_per_s=4.0))
    assert soaked.pace.capacity_per_s is None
    names = [
        [one.golden for one in asked] for asked in (soaked.exchanges[:NUM_GOLDENS], soaked.exchanges[-NUM_GOLDENS:])
    ]
    assert names[0] == names[1]
    assert all(names[0])


async def test_a_server_that_answers_bad_requests_is_found_out() -> None:
    soaked = await run(AnsweringServer(metrics=IDLE), Plan(seconds=1.0, rate_per_s=60.0))
    counts = count(soaked)
    assert set(counts.faults) == {"bad: status 200"}
    assert counts.at_the_end == {"running": 0.0, "waiting": 0.0}
    assert {one.part for one in soaked.samples} == {"front"}


def test_raw_records_are_kept(tmp_path: Path) -> None:
    seen = made_up()
    write_records(seen, tmp_path / "soak")
    for name in ("exchanges", "samples", "states"):
        lines = (tmp_path / "soak" / f"{name}.jsonl").read_text().splitlines()
        assert len(lines) == len(getattr(seen, name))
    assert json.loads(lines[-1])["gauges"] == {"running": 0.0, "waiting": 0.0}
