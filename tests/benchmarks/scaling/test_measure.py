"""The order of turns; nothing is served."""

import io
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from rich.console import Console

from molora.benchmarks.load.drive import Turn
from molora.benchmarks.load.timing import Timing
from molora.benchmarks.scaling import measure as measuring
from molora.benchmarks.scaling import scaling
from molora.benchmarks.scaling.measure import Site, measure_experts, measure_in_turn
from molora.benchmarks.scaling.points import Factor, Setting
from molora.benchmarks.scaling.registry import Registry
from molora.deployment import load_config
from tests.conftest import DEMO


class Server:
    def add(self, name: str, files: dict[str, bytes], description: str) -> None: ...

    def remove(self, name: str) -> None: ...


@pytest.fixture
def turns(monkeypatch: pytest.MonkeyPatch) -> list[Turn]:
    """Those that were run."""
    made: list[Turn] = []

    async def run_turn(turn: Turn) -> list[Timing]:
        made.append(turn)
        return [Timing(turn.arm, turn.load, turn.round, 0, 0.0, 0.5, 1.0, 8)]

    monkeypatch.setattr(measuring, "run_turn", run_turn)
    return made


def make_site(setting: Setting | None = None) -> Site:
    console = Console(file=io.StringIO())
    return Site("url", Registry(Server(), load_config(DEMO), console), setting or Setting(), console)


async def test_all_points_take_a_turn_in_every_round_and_the_first_round_is_not_counted(turns: list[Turn]):
    factors = {Factor.CONCURRENCY: [1, 2], Factor.PICTURE: [28, 56]}
    samples = await measure_in_turn(make_site(), factors, rounds=3)
    assert Counter(turn.round for turn in turns) == dict.fromkeys(range(4), 8)
    counted = Counter((sample.factor, sample.value, sample.arm) for sample in samples)
    assert set(counted.values()) == {3}
    assert len(counted) == 8


async def test_experts_become_more_and_then_fewer_again(turns: list[Turn]):
    samples = await measure_experts(make_site(), [4, 6], rounds=4)
    assert [(s.value, s.visit) for s in samples if s.arm == "auto"] == [
        *[(4, 0)] * 2,
        *[(6, 0)] * 2,
        *[(6, 1)] * 2,
        *[(4, 1)] * 2,
    ]
    pictures = [str(query.messages) for turn in turns for query in turn.queries]
    assert len(set(pictures)) == len(pictures)


def test_each_number_of_slots_has_a_server_and_the_first_comes_again(
    turns: list[Turn], monkeypatch: pytest.MonkeyPatch
):
    started: list[Setting] = []

    @contextmanager
    def serving(_plan: scaling.Plan, setting: Setting, _console: Console) -> Iterator[Site]:
        started.append(setting)
        yield make_site(setting)

    monkeypatch.setattr(scaling, "_serving", serving)
    plan = scaling.Plan(load_config(DEMO), {Factor.SLOTS: [2, 4]}, Setting(), 1, Path())
    samples = scaling.measure(plan, Console(file=io.StringIO())).samples
    assert [(setting.slots, setting.experts) for setting in started] == [(2, 8), (4, 8), (2, 8)]
    assert [(s.value, s.visit) for s in samples if s.arm == "manual"] == [(2, 0), (4, 0), (2, 1)]
    assert turns
