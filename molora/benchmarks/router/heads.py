"""A head over each encoder, all trained alike on the same questions, and what it gets right."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from molora.config import EncoderConfig
from molora.router.encoders import Encoder, build_encoder
from molora.router.evaluation.evaluate import evaluate, make_case
from molora.router.head import Head
from molora.router.training.data import Sample, draw_scene_questions, find_classes
from molora.router.training.examples import make_examples
from molora.router.training.fitting import OnStep
from molora.router.training.plan import Plan
from molora.router.training.rows import BadRows, read_samples
from molora.router.training.train import train

SEED = 92_000_000
NUM_SCENES = 1000
"""Where no labelled questions are given."""


class Fitted(NamedTuple):
    """`accuracy` is None where there was nothing to measure it on."""

    head: Head
    accuracy: float | None


def fit_head(section: EncoderConfig, data: Sequence[Path], check: Sequence[Path], on_step: OnStep) -> Fitted:
    """Raises ConfigError for files that cannot be used, and for encoders."""
    encoder = build_encoder(section)
    samples = _read(data, encoder) or draw_scene_questions(SEED, NUM_SCENES)
    classes = find_classes(samples)
    examples = make_examples(samples, classes, encoder, lambda done, num: on_step("encode", done, num, 0.0))
    head = train(examples, encoder.digest, Plan(), on_step).head
    return Fitted(head, _measure(head, encoder, check) if check else None)


def _read(paths: Sequence[Path], encoder: Encoder) -> list[Sample]:
    return read_samples(paths, [], BadRows(0), looks=encoder.looks)


def _measure(head: Head, encoder: Encoder, check: Sequence[Path]) -> float:
    samples = read_samples(check, head.classes, BadRows(0), looks=encoder.looks)
    examples = make_examples(samples, head.classes, encoder, lambda _done, _num: None)
    return evaluate(make_case(head, examples)).report.accuracy
