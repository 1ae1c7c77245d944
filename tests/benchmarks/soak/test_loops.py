"""When requests are sent."""

import asyncio
import statistics
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import pytest

from molora.benchmarks.soak.asked import Asked
from molora.benchmarks.soak.client import Client, Exchange
from molora.benchmarks.soak.loops import Act, arrivals, beside, closed_loop, count_rate, open_loop
from molora.benchmarks.streams import open_session
from tests.benchmarks.soak.answering import AnsweringServer, serving


def questions() -> Iterator[Asked]:
    while True:
        yield Asked("base", {"model": "base"})


def test_arrivals_are_a_poisson_process_of_the_rate() -> None:
    times = list(arrivals(5.0, 2000.0, seed=1))
    gaps = [after - before for before, after in pairwise(times)]
    assert times == sorted(times)
    assert 0 < times[0] < times[-1] < 2000
    assert len(times) == pytest.approx(10_000, rel=0.05)
    assert statistics.stdev(gaps) == pytest.approx(statistics.mean(gaps), rel=0.1)


def test_arrivals_are_the_same_for_the_same_seed() -> None:
    assert list(arrivals(5.0, 60.0, seed=1)) == list(arrivals(5.0, 60.0, seed=1))
    assert list(arrivals(5.0, 60.0, seed=1)) != list(arrivals(5.0, 60.0, seed=2))


async def test_requests_are_sent_when_due_though_none_has_been_answered() -> None:
    server = AnsweringServer(waits_for=20)
    due = [time.perf_counter() + place / 1000 for place in range(20)]
    async with serving(server) as url, open_session() as session:
        done = await open_loop(Client(session, url), questions(), due)
    assert server.max_in_flight == 20
    assert [one.due_s for one in done] == due
    assert all(one.sent_s >= one.due_s and one.is_answered for one in done)


async def test_clients_of_a_closed_loop_wait_for_their_answers() -> None:
    server = AnsweringServer()
    async with serving(server) as url, open_session() as session:
        done = await closed_loop(Client(session, url), questions(), 3, seconds=0.2)
    assert 1 <= server.max_in_flight <= 3
    assert len(done) == len(server.bodies) >= 3
    assert all(one.is_answered for one in done)


def test_the_rate_of_a_closed_loop_is_that_after_its_beginning() -> None:
    one = Exchange("base", False, 1, "", 100.0, 100.0, None, 101.0, 200)
    early = [replace(one, end_s=100.0 + place) for place in (1, 5, 9)]
    counted = [replace(one, end_s=110.0 + place) for place in range(30)]
    late = [replace(one, end_s=140.5)]
    assert count_rate([*early, *counted, *late], 40.0) == pytest.approx(1.0)


async def test_what_is_done_beside_is_done_again_and_to_its_end() -> None:
    begun, ended = [], []
    many = asyncio.Event()

    async def act() -> None:
        begun.append(1)
        await asyncio.sleep(0.01)
        ended.append(1)
        if len(ended) == 3:
            many.set()

    async with beside(Act(0.0, act), Act(600.0, act)):
        await asyncio.wait_for(many.wait(), 60)
    assert len(begun) == len(ended)


async def test_what_fails_beside_ends_the_soak() -> None:
    async def fail() -> None:
        raise ZeroDivisionError

    with pytest.RaisesGroup(ZeroDivisionError):
        async with beside(Act(0.0, fail)):
            await asyncio.sleep(600)
