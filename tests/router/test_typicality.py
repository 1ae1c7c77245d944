import numpy as np
import pytest

from molora.router.features import Floats
from molora.router.typicality import MAX_HELD, keep_quantiles, nearness, typicality


def draw(num: int, seed: int) -> Floats:
    return np.random.default_rng(seed).uniform(0, 1, num).astype(np.float32)


def test_nearness_is_the_largest_cosine():
    known = np.array([[1, 0], [0, 1], [0.6, 0.8]], dtype=np.float32)
    vectors = np.array([[0.8, 0.6], [-1, 0]], dtype=np.float32)
    np.testing.assert_allclose(nearness(vectors, known), [0.96, 0], atol=1e-6)


@pytest.mark.parametrize("num", [30, 400, 5000])
def test_questions_like_the_held_out_ones_are_called_strange_no_more_often_than_said(num: int):
    held = keep_quantiles(draw(num, seed=1))
    typical = typicality(draw(20_000, seed=2), held)
    for share in (0.01, 0.05, 0.3):
        assert (typical < share).mean() < share + 2.5 * np.sqrt(share / num)


def test_what_is_farther_than_all_is_the_least_typical_and_what_is_nearer_the_most():
    held = keep_quantiles(draw(199, seed=1))
    np.testing.assert_allclose(typical_of(-1, 2, held=held), [1 / 200, 1])


def typical_of(*near: float, held: Floats) -> Floats:
    return typicality(np.array(near, dtype=np.float32), held)


def test_few_held_out_questions_call_nothing_strange():
    assert typical_of(-1, held=keep_quantiles(draw(9, seed=1))) == pytest.approx(0.1)


def test_quantiles_are_in_order_and_not_too_many():
    few, many = keep_quantiles(draw(10, seed=1)), keep_quantiles(draw(9999, seed=1))
    assert (len(few), len(many)) == (10, MAX_HELD)
    np.testing.assert_array_equal(few, np.sort(draw(10, seed=1)))
    assert (np.diff(many) >= 0).all()
