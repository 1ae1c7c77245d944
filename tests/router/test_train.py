import dataclasses

import numpy as np
import pytest

from molora.router.data import Sample, as_targets
from molora.router.evaluate import evaluate
from molora.router.policy import softmax
from molora.router.train import Plan, fit_temperature, train
from tests.router.fakes import EXPERTS, FakeEncoder

PLAN = Plan(hidden=8, num_buckets=64, epochs=20, batch=16)
SAMPLES = [
    *(Sample(f"who is {name}?", ("social",)) for name in "abcdefghijklmnopqrst"),
    *(Sample(f"where is {name}?", ("spatial",)) for name in "abcdefghijklmnopqrst"),
]


def test_a_trained_head_tells_the_classes_apart():
    steps: list[tuple[str, int, int]] = []
    head, report = train(
        SAMPLES, EXPERTS, FakeEncoder(), PLAN, lambda stage, step, total, _: steps.append((stage, step, total))
    )
    assert report.accuracy == 1.0
    assert evaluate(head, FakeEncoder(), [Sample("who is it?", ("social",))]).accuracy == 1.0
    assert steps[-1] == ("train", 60, 60)
    assert {stage for stage, _, _ in steps} == {"calibrate", "train"}


@pytest.mark.parametrize("change", [{}, {"seed": 1}])
def test_the_seed_decides_the_weights(change):
    plans = (PLAN, dataclasses.replace(PLAN, **change))
    first, second = (train(SAMPLES, EXPERTS, FakeEncoder(), plan, lambda *_: None)[0] for plan in plans)
    same = all(np.array_equal(first.weights[name], second.weights[name]) for name in first.weights)
    assert same == (not change)


def test_the_temperature_undoes_overconfidence():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(4000, 2)).astype(np.float32)
    truth = [EXPERTS[int(rng.random() > p)] for p in softmax(logits, 1.0)[:, 0]]
    targets = as_targets([Sample("", (name,)) for name in truth], EXPERTS)
    assert fit_temperature(3 * logits, targets) == pytest.approx(3.0, rel=0.15)
