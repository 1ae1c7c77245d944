"""Figures of a head's probabilities against the truth. Pure: nothing here encodes, reads or writes."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix, f1_score

from molora.router.evaluation.curves import area_under_risks, expected_calibration_error


@dataclass(frozen=True)
class Report:
    """`confusion[true][chosen]` counts questions, `recall` is each true class's accuracy, `top2_recall` the share whose
    true class is one of the two likeliest. `nll` is in nats; `aurc` as in `curves.py`."""

    num: int
    accuracy: float
    macro_f1: float
    top2_recall: float
    recall: dict[str, float]
    confusion: dict[str, dict[str, int]]
    nll: float
    ece: float
    aurc: float

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def measure(probabilities: NDArray[np.float64], truth: NDArray[np.int64], classes: Sequence[str]) -> Report:
    """Of probabilities [num, len(classes)] and the true class of each, [num]; at least one question."""
    chosen, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    is_right = chosen == truth
    counts = confusion_matrix(truth, chosen, labels=range(len(classes)))
    totals = counts.sum(axis=1).clip(min=1)
    return Report(
        num=len(truth),
        accuracy=float(is_right.mean()),
        macro_f1=float(f1_score(truth, chosen, average="macro")),
        top2_recall=top_recall(probabilities, truth, 2),
        recall={name: float(counts[i, i] / totals[i]) for i, name in enumerate(classes)},
        confusion={
            name: dict(zip(classes, map(int, row), strict=True)) for name, row in zip(classes, counts, strict=True)
        },
        nll=float(-np.log(probabilities[np.arange(len(truth)), truth].clip(min=1e-12)).mean()),
        ece=expected_calibration_error(confidence, is_right),
        aurc=area_under_risks(confidence, is_right),
    )


def top_recall(probabilities: NDArray[np.float64], truth: NDArray[np.int64], num: int) -> float:
    """The share whose true class is among the `num` likeliest."""
    likeliest = np.argsort(-probabilities, axis=1, kind="stable")[:, :num]
    return float((likeliest == truth[:, None]).any(axis=1).mean())
