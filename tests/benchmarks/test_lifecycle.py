"""Arms, adapters and figures of the life-cycle benchmark; nothing is served."""

import json
from collections import Counter
from pathlib import Path

import pytest

from molora.adapters.check import digest_of
from molora.benchmarks.lifecycle import FEW, LOADING, MANY, Arm, Upload, make_arms, plan_turn, summarise
from molora.benchmarks.load.timing import Load, Timing
from molora.benchmarks.many_experts import make_adapters, write_deployment
from molora.deployment import load_config
from tests.conftest import DEMO


def test_no_two_adapters_are_the_same(tmp_path: Path) -> None:
    digests = set()
    for name, files in make_adapters(load_config(DEMO), [f"e{number}" for number in range(9)]):
        (tmp_path / name).mkdir()
        for file, content in files.items():
            (tmp_path / name / file).write_bytes(content)
        digests.add(digest_of(tmp_path / name))
    assert len(digests) == 9


def test_the_deployment_has_slots_and_an_empty_store(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "experts.json").touch()
    config = load_config(write_deployment(tmp_path, load_config(DEMO), 8, 501))
    assert config.engine.max_loras == 8
    assert config.store is not None
    assert (config.store.folder, config.store.max_experts) == (tmp_path / "store", 501)
    assert not config.store.folder.exists()


def asked(arm: Arm, number: int, concurrency: int) -> list[str]:
    return [query.bodies[0]["model"] for query in plan_turn(arm, number, 0, concurrency).queries]


def test_the_first_experts_are_asked_most() -> None:
    arm = Arm(MANY, "url", ("a", "b", "c", "d"))
    counts = Counter(name for number in range(6) for name in asked(arm, number, 16))
    assert [name for name, _ in counts.most_common()] == ["a", "b", "c", "d"]
    assert counts["a"] / counts["b"] == pytest.approx(2, rel=0.25)


def test_few_are_asked_of_the_few_alone() -> None:
    experts = [f"e{number}" for number in range(100)]
    models = {arm.name: set(asked(arm, 1, 16)) for arm in make_arms("url", experts, 2)}
    assert models[FEW] == models[LOADING] == {"e0", "e1"}
    assert len(models[MANY]) > 20


def test_ratios_are_of_rounds() -> None:
    def timings(arm: str, seconds: float) -> list[Timing]:
        return [
            Timing(arm, Load(concurrency=1), number, index, 0.0, seconds / 2, seconds, 8, "e")
            for number in (1, 2)
            for index in range(4)
        ]

    told = summarise(
        [Upload(0.25, 0.5, True), Upload(0.75, 1.0, False)],
        [*timings(FEW, 1.0), *timings(MANY, 1.25), *timings(LOADING, 2.0)],
        num_experts=500,
        num_loads=3,
    )
    assert told["ratios"][MANY]["median"] == pytest.approx(0.8)
    assert told["ratios"][LOADING]["by_round"] == pytest.approx([0.5, 0.5])
    assert told["p99_ttft_ratio"] == pytest.approx(2)
    assert told["tpot_ms"][LOADING] == pytest.approx({"p50": 1000 / 7, "p99": 1000 / 7})
    assert (told["ready_s"], told["share_routed"]) == (0.5, 0.5)
    assert json.loads(json.dumps(told)) == told
