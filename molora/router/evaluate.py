"""How good a router's head is on labelled questions. Command: `molora router evaluate`."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from molora.router.data import Sample, as_targets
from molora.router.encoders import Encoder
from molora.router.head import Head
from molora.router.policy import softmax

NUM_BINS = 15


@dataclass(frozen=True)
class Report:
    """`confusion[true][chosen]` counts questions, `recall` is each true class's accuracy; `nll` is in nats."""

    num: int
    accuracy: float
    recall: dict[str, float]
    confusion: dict[str, dict[str, int]]
    nll: float
    ece: float

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def evaluate(head: Head, encoder: Encoder, samples: Sequence[Sample]) -> Report:
    """On questions of one expert each."""
    texts = [sample.text for sample in samples]
    logits = head.logits(encode_once(encoder, texts), texts)
    truth = as_targets(samples, head.classes).argmax(axis=1)
    return measure(softmax(logits, head.calibration), truth, head.classes)


def encode_once(encoder: Encoder, texts: Sequence[str]) -> NDArray[np.float32]:
    """[len(texts), dim]; questions repeat a lot, and each wording is encoded once."""
    unique = {text: row for row, text in enumerate(dict.fromkeys(texts))}
    return encoder.encode(list(unique))[[unique[text] for text in texts]]


def measure(probabilities: NDArray[np.float64], truth: NDArray[np.int64], classes: Sequence[str]) -> Report:
    """Of probabilities [num, len(classes)] and the true class of each, [num]."""
    chosen, num = probabilities.argmax(axis=1), len(truth)
    counts = np.zeros((len(classes), len(classes)), dtype=np.int64)
    np.add.at(counts, (truth, chosen), 1)
    totals = counts.sum(axis=1).clip(min=1)
    return Report(
        num=num,
        accuracy=float((chosen == truth).mean()),
        recall={name: float(counts[i, i] / totals[i]) for i, name in enumerate(classes)},
        confusion={
            name: dict(zip(classes, map(int, row), strict=True)) for name, row in zip(classes, counts, strict=True)
        },
        nll=float(-np.log(probabilities[np.arange(num), truth].clip(min=1e-12)).mean()),
        ece=expected_calibration_error(probabilities.max(axis=1), chosen == truth),
    )


def expected_calibration_error(confidence: NDArray[np.float64], is_right: NDArray[np.bool_]) -> float:
    """Over equal bins of confidence, the mean gap to accuracy weighted by count (Guo et al. 2017, arXiv:1706.04599)."""
    bins = np.minimum((confidence * NUM_BINS).astype(int), NUM_BINS - 1)
    gaps = np.bincount(bins, weights=confidence - is_right, minlength=NUM_BINS)
    return float(np.abs(gaps).sum() / len(confidence))
