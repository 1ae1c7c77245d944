"""What is seen of a server from outside."""

import subprocess
import sys
from collections.abc import Sequence

import psutil

from molora.benchmarks.soak.watch import FRONT, OTHERS, Watch, measure, part_of, read_gauges
from molora.benchmarks.streams import open_session
from tests.benchmarks.soak.answering import METRICS, AnsweringServer, serving

IDLE = METRICS.replace("2.0", "0.0").replace("1.0", "0.0")


def nobody() -> Sequence[psutil.Process]:
    return []


def test_gauges_are_summed_over_engines() -> None:
    assert read_gauges(METRICS) == {"running": 3.0, "waiting": 0.0}


def test_processes_are_told_apart() -> None:
    assert part_of("VLLM::Worker", 0) == FRONT
    assert part_of("VLLM::Worker", 2) == "Worker"
    assert part_of("python3", 3) == OTHERS


def test_a_process_is_measured_and_one_that_ended_is_left_out() -> None:
    child = subprocess.Popen([sys.executable, "-c", "pass"])
    gone = psutil.Process(child.pid)
    child.wait()
    [sample] = measure([psutil.Process(), gone], 1.5)
    assert (sample.at_s, sample.part) == (1.5, FRONT)
    assert sample.rss_bytes >= sample.uss_bytes > 2**20
    assert sample.num_files > 2


async def test_a_look_tells_what_the_server_says() -> None:
    async with serving(AnsweringServer()) as url, open_session() as session:
        watch = Watch(session, url, lambda: [psutil.Process()])
        await watch.look()
    [state], [sample] = watch.states, watch.samples
    assert (state.is_ready, state.is_idle, state.gauges["running"]) == (True, False, 3.0)
    assert sample.pid == psutil.Process().pid


async def test_a_server_that_does_not_answer_is_neither_ready_nor_idle() -> None:
    async with serving(AnsweringServer(is_ready=False)) as url, open_session() as session:
        watch = Watch(session, url, nobody)
        await watch.look()
    async with open_session() as session:
        gone = Watch(session, url, nobody)
        await gone.look()
    assert (watch.states[0].is_ready, bool(watch.states[0].gauges)) == (False, True)
    assert (gone.states[0].is_ready, gone.states[0].gauges, gone.states[0].is_idle) == (False, {}, False)


async def test_it_looks_until_there_is_nothing_to_do() -> None:
    server = AnsweringServer()
    async with serving(server) as url, open_session() as session:
        watch = Watch(session, url, nobody)
        await watch.idle(timeout_s=0.0)
        assert not watch.states[-1].is_idle
        server.metrics = IDLE
        await watch.idle()
    assert watch.states[-1].is_idle
