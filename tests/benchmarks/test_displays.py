"""Displays are reproducible, varied, and told apart by nothing but what the program itself shows."""

import random
from collections import Counter

import numpy as np
import pytest
from numpy.typing import NDArray

from molora.benchmarks.displays import KINDS, PROGRAMS, WORDINGS, Display, ask_displays
from molora.benchmarks.displays.canvas import Area, Pen
from molora.benchmarks.displays.theme import Theme
from molora.benchmarks.displays.window import draw_window
from molora.benchmarks.scenes import SIDE

NUM_SEEDS = 60


@pytest.fixture(scope="module")
def pictures() -> dict[str, NDArray[np.float64]]:
    """By kind: [seeds, height, width, 3]."""
    return {
        kind: np.stack([np.asarray(Display(kind, seed).render(), dtype=np.float64) for seed in range(NUM_SEEDS)])
        for kind in KINDS
    }


@pytest.mark.parametrize("kind", KINDS)
def test_a_display_has_one_picture_and_another_seed_another(kind: str):
    picture = Display(kind, 1).render()
    assert (picture.mode, picture.size) == ("RGB", (SIDE, SIDE))
    assert picture.tobytes() == Display(kind, 1).render().tobytes()
    assert picture.tobytes() != Display(kind, 2).render().tobytes()


def test_every_wording_is_asked_equally_often_of_every_kind():
    asked = Counter((a.text, a.display.kind) for a in ask_displays(0, 100 * len(KINDS)))
    assert len({text for text, _ in asked}) > 30
    assert all(asked[text, kind] == asked[text, KINDS[0]] for text, _ in asked for kind in KINDS)


def test_there_are_many_wordings_and_none_twice():
    assert len(set(WORDINGS)) == len(WORDINGS) >= 40


def test_displays_are_seeded():
    first, again, other = (list(ask_displays(seed, 30)) for seed in (0, 0, 1))
    assert first == again
    assert not {a.display for a in first} & {a.display for a in other}


@pytest.mark.parametrize("kind", PROGRAMS)
def test_a_program_is_drawn_light_and_dark(kind: str, pictures: dict[str, NDArray[np.float64]]):
    brightness = pictures[kind].mean(axis=(1, 2, 3))
    assert (brightness < 100).sum() > NUM_SEEDS / 5
    assert (brightness > 155).sum() > NUM_SEEDS / 5


@pytest.mark.parametrize("kind", PROGRAMS)
def test_what_surrounds_a_program_does_not_depend_on_it(kind: str):
    for seed in range(20):
        ours, others = (np.asarray(draw_window(p, random.Random(seed))) for p in (PROGRAMS[kind], _mark))
        around = (others != MARK).any(axis=2)
        np.testing.assert_array_equal(ours[around], others[around])


MARK = (255, 0, 255)


def _mark(pen: Pen, area: Area, theme: Theme, rng: random.Random) -> None:
    del theme, rng
    pen.fill(area, MARK)


def test_mean_colours_hardly_tell_the_kind(pictures: dict[str, NDArray[np.float64]]):
    """What a vote of the nearest neighbours gets, each picture left out in turn."""
    points = np.concatenate([_summarise(pictures[kind]) for kind in KINDS])
    kinds = np.repeat(np.arange(len(KINDS)), NUM_SEEDS)
    distances = np.linalg.norm(points[:, None] - points, axis=-1) + np.where(np.eye(len(points)), np.inf, 0)
    votes = kinds[distances.argsort(axis=1)[:, :9]]
    chosen = np.array([np.bincount(vote).argmax() for vote in votes])
    assert (chosen == kinds).mean() < 0.4


def _summarise(pictures: NDArray[np.float64]) -> NDArray[np.float64]:
    means: NDArray[np.float64] = pictures.mean(axis=(1, 2))
    return means
