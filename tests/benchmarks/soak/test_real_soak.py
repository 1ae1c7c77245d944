"""A short soak of the real server."""

import pytest
from rich.console import Console

from molora.benchmarks.soak.asked import WAYS
from molora.benchmarks.soak.counts import count
from molora.benchmarks.soak.soak import Plan, Server, soak
from molora.benchmarks.soak.traffic import NUM_GOLDENS, SHARES
from molora.deployment import load_config
from tests.conftest import DEMO

pytestmark = pytest.mark.engine

SECONDS, RATE_PER_S = 15.0, 5.0


async def test_under_mixed_traffic_nothing_goes_wrong_and_nothing_is_left(server_url: str) -> None:
    server = Server(server_url, list(load_config(DEMO).experts))
    soaked = await soak(server, Plan(SECONDS, rate_per_s=RATE_PER_S), Console(quiet=True))
    counts = count(soaked)
    assert counts.faults == {}
    assert set(counts.by_kind) == set(SHARES) == {*WAYS, "golden", "bad"}
    assert counts.golden > 2 * NUM_GOLDENS
    assert counts.left > 0
    assert counts.sent == counts.answered + counts.refused + counts.left
    assert counts.at_the_end == {"in flight": 0, "running": 0, "waiting": 0, "KV cache in use": 0}
