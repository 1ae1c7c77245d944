import io

import pytest
from rich.console import Console

from molora.benchmarks.many_experts import Administrator
from molora.benchmarks.scaling.measure import Site, count_prompt_tokens, measure_in_turn
from molora.benchmarks.scaling.points import Factor, Setting, vary
from molora.benchmarks.scaling.registry import Registry
from molora.benchmarks.scaling.report import make_result
from molora.deployment import load_config
from tests.conftest import DEMO

pytestmark = pytest.mark.engine


async def test_more_clients_and_longer_prompts_are_measured(server_url: str):
    console = Console(file=io.StringIO())
    registry = Registry(Administrator(server_url), load_config(DEMO), console)
    site = Site(server_url, registry, Setting(concurrency=2), console)
    samples = await measure_in_turn(site, {Factor.CONCURRENCY: [1, 8]}, rounds=1)
    assert len(samples) == 2 * 2
    assert {timing.expert for sample in samples for timing in sample.timings} <= set(load_config(DEMO).experts) | {
        "base"
    }
    short, long = (count_prompt_tokens(server_url, setting) for setting in vary(site.default, Factor.PROMPT, [0, 64]))
    assert long >= short + 50
    figures = make_result(samples, {}, {}, ()).figures
    speed = {f.row: f.value for f in figures if (f.group, f.column) == ("clients", "auto: questions/s")}
    assert speed["8"] > speed["1"]
