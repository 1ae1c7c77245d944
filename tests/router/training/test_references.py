import numpy as np
import pytest

from molora.router.features import Floats, text_only
from molora.router.layers import to_unit_length
from molora.router.newcomers import Newcomers
from molora.router.training.examples import Examples
from molora.router.training.references import (
    MAX_STOLEN,
    NUM_KNOWN,
    NUM_REFERENCES,
    UNKNOWN,
    find_centroids,
    fit_scale,
    learn_known,
    learn_references,
)

CLASSES = ("a", "b", "c")


def draw_clusters(rng: np.random.Generator, num: int) -> tuple[Examples, Floats]:
    """Questions of each class in turn, around an axis of their own, and their vectors."""
    owners = np.arange(num) % 3
    axes = np.eye(12, dtype=np.float32)[owners]
    vectors = to_unit_length(axes + 0.2 * rng.normal(size=axes.shape).astype(np.float32))
    texts = tuple(f"{CLASSES[owner]}{i}" for i, owner in enumerate(owners))
    return Examples(texts, text_only(vectors), np.eye(3, dtype=np.float32)[owners], CLASSES), vectors


def test_a_class_left_out_is_told_by_the_level():
    examples, vectors = draw_clusters(np.random.default_rng(0), 600)
    learnt = learn_references(examples, seed=0)
    assert learnt.vectors.shape == (3, NUM_REFERENCES // 3, 12)
    np.testing.assert_allclose(np.linalg.norm(learnt.vectors, axis=-1), 1, atol=1e-5)
    newcomers = Newcomers(np.concatenate(learnt.vectors[1:]))
    newcomers.set("a", vectors[0:24:3])
    scores = newcomers.scores(vectors)[:, 0]
    assert (scores[0::3] > learnt.level).mean() > 0.95
    assert (np.delete(scores, np.s_[0::3]) > learnt.level).mean() < 3 * MAX_STOLEN


def test_the_seed_decides_what_is_learnt():
    examples, _ = draw_clusters(np.random.default_rng(0), 600)
    first, second, other = (learn_references(examples, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.vectors, second.vectors)
    assert (first.level, first.scale) == (second.level, second.scale)
    assert not np.array_equal(first.vectors, other.vectors)


def test_classes_that_share_their_only_wording_have_a_level_all_the_same():
    examples, vectors = draw_clusters(np.random.default_rng(0), 30)
    learnt = learn_references(examples._replace(texts=("what now?",) * 30, features=text_only(vectors[[0] * 30])), 0)
    assert (learnt.level, learnt.scale) == UNKNOWN


def test_few_points_are_repeated_and_many_are_covered():
    rng = np.random.default_rng(0)
    points = np.eye(4, dtype=np.float32)
    assert {tuple(row) for row in find_centroids(points[:2], 5, rng)} == {tuple(row) for row in points[:2]}
    _, crowd = draw_clusters(rng, 300)
    assert (crowd @ find_centroids(crowd, 20, rng).T).max(axis=1).mean() > 0.8


def test_the_scale_is_that_of_the_odds():
    rng = np.random.default_rng(0)
    scores = rng.normal(0.1, 0.2, size=20_000).astype(np.float32)
    is_own = rng.random(20_000) < 1 / (1 + np.exp(-(scores - 0.15) / 0.02))
    assert fit_scale(scores, is_own) == pytest.approx(0.02, rel=0.15)


def test_questions_of_several_classes_are_known_and_no_class_has_them():
    examples, vectors = draw_clusters(np.random.default_rng(0), 600)
    targets = examples.targets.copy()
    targets[:60] = 1 / 3
    examples = examples._replace(targets=targets)
    known, references = learn_known(examples, seed=0), learn_references(examples, seed=0)
    assert known.shape == (NUM_KNOWN, 12)
    np.testing.assert_allclose((vectors @ known.T).max(axis=1), 1, atol=1e-5)
    assert (vectors[:60] @ references.vectors.reshape(-1, 12).T).max() < 1 - 1e-3
