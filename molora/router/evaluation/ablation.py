"""What a head owes to each part of its input, and how much of each mode's gates its own expert gets. Pure."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from molora.router.evaluation.evaluate import Case
from molora.router.evaluation.gate_spread import find_gates
from molora.router.evaluation.measures import Report, measure
from molora.router.policy.choosers import CHOOSERS
from molora.router.training.examples import Examples

BOTH, TEXT, PICTURE = "both", "text", "picture"


@dataclass(frozen=True)
class Ablation:
    """`own_gates`: by mode, the mean gate of a question's own expert."""

    report: Report
    own_gates: dict[str, float]

    def to_dict(self) -> dict[str, Any]:
        figures = self.report.to_dict()
        kept = {name: figures[name] for name in figures if name not in {"recall", "confusion"}}
        return kept | {"own_gates": self.own_gates}


def ablate(case: Case) -> dict[str, Ablation]:
    """By what the head is let see; the text alone where no question has a picture that it looks at."""
    if not case.examples.features.seen.any():
        return {TEXT: _measure(case)}
    return {
        BOTH: _measure(case),
        TEXT: _measure(Case(case.head, without_pictures(case.examples))),
        PICTURE: _measure(Case(case.head, without_texts(case.examples))),
    }


def without_pictures(examples: Examples) -> Examples:
    """As if there had been none."""
    features = examples.features
    unseen = features._replace(image=np.zeros_like(features.image), seen=np.zeros_like(features.seen))
    return examples._replace(features=unseen)


def without_texts(examples: Examples) -> Examples:
    """For both halves of a head."""
    features = examples.features
    return examples._replace(
        features=features._replace(text=np.zeros_like(features.text)), texts=("",) * len(examples.texts)
    )


def _measure(case: Case) -> Ablation:
    shares, classes = case.probabilities, case.head.classes
    rows = np.arange(len(case.truth))
    gates = {str(mode): find_gates(shares, classes, mode)[rows, case.truth] for mode in CHOOSERS}
    return Ablation(measure(shares, case.truth, classes), {mode: float(own.mean()) for mode, own in gates.items()})
