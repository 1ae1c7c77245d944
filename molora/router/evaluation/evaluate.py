"""How good a router's head is on labelled questions. Command: `molora router evaluate`."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from molora.errors import ConfigError
from molora.router.evaluation.curves import Bin, Point, find_reliability, sample_accuracies
from molora.router.evaluation.gate_spread import Spread, find_gates, find_spread
from molora.router.evaluation.measures import Report, measure
from molora.router.head import Head
from molora.router.layers import softmax
from molora.router.policy.choosers import CHOOSERS
from molora.router.query import Mode
from molora.router.training.examples import Examples


@dataclass(frozen=True)
class Case:
    """A head, and questions of one expert each that it is measured on, whose classes are its own."""

    head: Head
    examples: Examples

    @property
    def truth(self) -> NDArray[np.int64]:
        """The class of each question, [num]."""
        own: NDArray[np.int64] = self.examples.targets.argmax(axis=1)
        return own

    @cached_property
    def probabilities(self) -> NDArray[np.float64]:
        """[num, classes], calibrated."""
        logits = self.head.logits(self.examples.features, self.examples.texts)
        return softmax(logits, self.head.calibration)


@dataclass(frozen=True)
class Evaluation:
    """Figures of a case, and the curves behind them; gates by routing mode."""

    report: Report
    reliability: list[Bin]
    risk_coverage: list[Point]
    gates: dict[Mode, Spread]


def make_case(head: Head, examples: Examples) -> Case:
    """Of the questions that belong to one expert more than to all others together. Raises ConfigError for none."""
    if not examples.sole.any():
        raise ConfigError("no question belongs to one expert alone")
    return Case(head, examples.take(np.flatnonzero(examples.sole)))


def evaluate(case: Case) -> Evaluation:
    shares, classes = case.probabilities, case.head.classes
    confidence, is_right = shares.max(axis=1), shares.argmax(axis=1) == case.truth
    return Evaluation(
        report=measure(shares, case.truth, classes),
        reliability=find_reliability(confidence, is_right),
        risk_coverage=sample_accuracies(confidence, is_right),
        gates={mode: find_spread(find_gates(shares, classes, mode), classes) for mode in CHOOSERS},
    )
