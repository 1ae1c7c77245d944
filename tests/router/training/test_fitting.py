import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from molora.router.features import Floats
from molora.router.training.checkpoint import Checkpoint
from molora.router.training.fitting import Fitter, balance, standardise
from molora.router.training.plan import Plan
from tests.router.labelled import label

PLAN = Plan(hidden=8, num_buckets=64, epochs=4, batch=16)
EXAMPLES = label([f"{'who' if i % 2 else 'where'} is {i}?" for i in range(40)], ["spatial", "social"] * 20)


def fit(plan: Plan = PLAN, checkpoint: Checkpoint | None = None) -> dict[str, Floats]:
    return Fitter(plan, lambda *_: None, checkpoint).fit(EXAMPLES, "train")


def are_equal(one: dict[str, Floats], other: dict[str, Floats]) -> bool:
    return all(np.array_equal(one[name], other[name]) for name in one)


def test_the_seed_decides_the_weights():
    assert are_equal(fit(), fit())
    assert not are_equal(fit(), fit(dataclasses.replace(PLAN, seed=1)))


@pytest.mark.parametrize("stopped_at", [1, 3, 7, 12])
def test_a_run_that_was_broken_off_ends_as_one_that_was_not(tmp_path: Path, stopped_at: int):
    def stop(_: str, step: int, _steps: int, _loss: float) -> None:
        if step == stopped_at:
            raise KeyboardInterrupt

    checkpoint = Checkpoint(tmp_path / "checkpoint", {})
    with pytest.raises(KeyboardInterrupt):
        Fitter(PLAN, stop, checkpoint).fit(EXAMPLES, "train")
    steps: list[int] = []
    weights = Fitter(PLAN, lambda _, step, *__: steps.append(step), checkpoint).fit(EXAMPLES, "train")
    assert are_equal(weights, fit())
    assert steps == list(range((stopped_at - 1) // 3 * 3 + 1, 13))


def test_a_stage_that_is_done_is_not_run_again(tmp_path: Path):
    checkpoint = Checkpoint(tmp_path / "checkpoint", {})
    weights = fit(checkpoint=checkpoint)
    steps: list[int] = []
    again = Fitter(PLAN, lambda _, step, *__: steps.append(step), checkpoint).fit(EXAMPLES, "train")
    assert steps == []
    assert are_equal(weights, again)


def test_balanced_weights_make_all_classes_count_alike():
    targets = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.5, 0.5], [0.0, 1.0]])
    weights = balance(targets)
    assert weights.mean().item() == pytest.approx(1)
    np.testing.assert_allclose(weights, [0.8, 0.8, (0.8 + 4 / 3) / 2, 4 / 3], rtol=1e-6)


def test_a_norm_starts_where_numbers_that_hardly_differ_count_like_the_others():
    norm, spread = torch.nn.LayerNorm(4), torch.tensor([1.0, 0.1, 3.0, 0.0])
    vectors = torch.randn(500, 4, generator=torch.Generator().manual_seed(0)) * spread + torch.tensor([9.0, -4, 0, 2])
    standardise(norm, vectors)
    with torch.no_grad():
        out = norm(vectors)
    np.testing.assert_allclose(out.mean(dim=0), 0, atol=1e-4)
    np.testing.assert_allclose(out.std(dim=0, correction=0), 1, atol=1e-3)
