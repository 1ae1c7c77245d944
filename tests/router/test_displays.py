"""Displays: the same text for every kind, so what the demo backbone's own tower sees decides, or nothing does."""

from typing import NamedTuple

import pytest

from molora.benchmarks.displays import KINDS
from molora.config import EncoderConfig
from molora.router.encoders import build_encoder
from molora.router.evaluation.evaluate import make_case
from molora.router.evaluation.measures import measure
from molora.router.features import text_only
from molora.router.training.data import draw_display_questions
from molora.router.training.examples import Examples, make_examples
from molora.router.training.plan import Plan
from molora.router.training.train import train
from tests.router.encoders.models import DEMO


class Displays(NamedTuple):
    training: Examples
    unseen: Examples


@pytest.fixture(scope="module")
def displays() -> Displays:
    encoder = build_encoder(EncoderConfig(kind="sbert+image", image=DEMO))
    sizes = {0: 400 * len(KINDS), 1_000_000: 100 * len(KINDS)}
    return Displays(
        *(
            make_examples(draw_display_questions(seed, num), KINDS, encoder, lambda *_: None)
            for seed, num in sizes.items()
        )
    )


def accuracy(training: Examples, unseen: Examples, epochs: int) -> float:
    case = make_case(train(training, "digest", Plan(epochs=epochs, batch=128), lambda *_: None).head, unseen)
    return measure(case.probabilities, case.truth, KINDS).accuracy


def test_the_picture_alone_tells_the_expert_of_unseen_displays(displays: Displays):
    assert accuracy(*displays, epochs=15) >= 0.98


def test_the_text_alone_tells_nothing(displays: Displays):
    training, unseen = (part._replace(features=text_only(part.features.text)) for part in displays)
    assert accuracy(training, unseen, epochs=3) == pytest.approx(1 / len(KINDS))
