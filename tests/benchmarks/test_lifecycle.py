"""Arms, adapters and figures of the life-cycle benchmark; nothing is served."""

import json
from collections import Counter
from pathlib import Path

import pytest

from molora.adapters.check import digest_of
from molora.benchmarks.lifecycle import FEW, LOADING, MANY, Upload, by_zipf, make_targets, plan_round, summarise
from molora.benchmarks.many_experts import make_adapters, write_deployment
from molora.benchmarks.metrics import Timing
from molora.config import load_config
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


def test_the_first_experts_are_asked_most() -> None:
    examples = [example for number in range(20) for example in plan_round(number, 0, 16).examples]
    asked = Counter(by_zipf(("a", "b", "c", "d"))(example)["model"] for example in examples)
    assert [name for name, _ in asked.most_common()] == ["a", "b", "c", "d"]
    assert asked["a"] / asked["b"] == pytest.approx(2, rel=0.25)


def test_few_are_asked_of_the_few_alone() -> None:
    experts = [f"e{number}" for number in range(100)]
    models = {
        target.name: {target.choose(example)["model"] for example in plan_round(1, 0, 64).examples}
        for target in make_targets("url", experts, 2)
    }
    assert models[FEW] == models[LOADING] == {"e0", "e1"}
    assert len(models[MANY]) > 50


def test_ratios_are_of_rounds() -> None:
    def timings(arm: str, seconds: float) -> list[Timing]:
        return [
            Timing(arm, 1, number, index, 0.0, seconds / 2, seconds, 8, "e") for number in (1, 2) for index in range(4)
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
