import time

import numpy as np
import pytest

from molora.router.features import Floats
from molora.router.layers import to_unit_length
from molora.router.newcomers import NOISE, WIDTH, Newcomers

DIM = 24


def draw(rng: np.random.Generator, num: int) -> Floats:
    return to_unit_length(rng.normal(size=(num, DIM)).astype(np.float32))


def score_directly(asked: Floats, own: Floats, known: Floats) -> Floats:
    """The process and its norm from their definition: one equation over all points."""
    points, wanted = np.concatenate([own, known]).astype(np.float64), np.r_[np.ones(len(own)), np.zeros(len(known))]
    solved = np.linalg.solve(np.exp((points @ points.T - 1) / WIDTH) + NOISE * np.eye(len(points)), wanted)
    scores: Floats = np.exp((asked @ points.T - 1) / WIDTH) @ solved / np.sqrt(wanted @ solved)
    return scores


@pytest.mark.parametrize("num_known", [0, 1, 60])
def test_scores_are_those_of_the_process(num_known: int):
    rng = np.random.default_rng(0)
    known, asked = draw(rng, num_known), draw(rng, 10)
    texts = {"a": draw(rng, 1), "b": draw(rng, 9), "c": np.repeat(draw(rng, 2), 3, axis=0)}
    newcomers = Newcomers(known)
    for name, vectors in texts.items():
        newcomers.set(name, vectors)
    expected = np.stack([score_directly(asked, vectors, known) for vectors in texts.values()], axis=1)
    np.testing.assert_allclose(newcomers.scores(asked), expected, atol=1e-4)


def test_what_is_known_scores_nothing_and_what_is_shown_a_lot():
    rng = np.random.default_rng(1)
    known, own = draw(rng, 10), draw(rng, 5)
    newcomers = Newcomers(known)
    newcomers.set("a", own)
    assert np.abs(newcomers.scores(known)).max() < 0.02
    assert newcomers.scores(own).min() > 0.3


def test_newcomers_go_and_are_replaced_in_place():
    rng = np.random.default_rng(2)
    texts, asked = [draw(rng, 3) for _ in range(4)], draw(rng, 6)
    newcomers, expected = Newcomers(draw(rng, 8)), []
    for name, vectors in zip("abc", texts, strict=False):
        newcomers.set(name, vectors)
    before = newcomers.scores(asked)
    newcomers.remove("b")
    np.testing.assert_allclose(newcomers.scores(asked), before[:, [0, 2]], atol=1e-5)
    newcomers.set("a", texts[3])
    expected = [newcomers.scores(asked)[:, 0], before[:, 2]]
    np.testing.assert_allclose(newcomers.scores(asked).T, expected, atol=1e-5)
    assert not np.allclose(expected[0], before[:, 0])
    assert len(newcomers) == 2


def test_texts_that_are_all_known_make_no_large_scores():
    rng = np.random.default_rng(3)
    known = draw(rng, 12)
    newcomers = Newcomers(known)
    newcomers.set("copy", known[:4])
    assert np.abs(newcomers.scores(np.concatenate([known[4:], draw(rng, 50)]))).max() < 0.2


def test_five_hundred_newcomers_are_scored_in_milliseconds():
    rng = np.random.default_rng(4)
    newcomers = Newcomers(to_unit_length(rng.normal(size=(512, 384)).astype(np.float32)))
    texts = to_unit_length(rng.normal(size=(500 * 9, 384)).astype(np.float32)).reshape(500, 9, 384)
    for number, vectors in enumerate(texts):
        newcomers.set(str(number), vectors)
    seconds = []
    for number in range(20):
        start = time.perf_counter()
        scores = newcomers.scores(texts[number, :1])
        seconds.append(time.perf_counter() - start)
        assert scores[0].argmax() == number
    assert np.median(seconds) < 0.02
