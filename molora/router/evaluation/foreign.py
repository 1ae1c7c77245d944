"""How well questions that belong to nobody are told from the experts' own. Pure.

A question whose typicality is under the policy's rate of false alarms goes to base: a foreign one rightly so.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score


@dataclass(frozen=True)
class Foreign:
    """Shares sent to base at `rate`: of foreign questions, and of the experts' own (false alarms). `auroc` is how often
    a foreign question is less typical than one of the experts'; equals count half."""

    rate: float
    num_foreign: int
    num_own: int
    sent_to_base: float
    false_alarms: float
    auroc: float


def judge(foreign: NDArray[np.float64], own: NDArray[np.float64], rate: float) -> Foreign:
    """Of typicalities, at least one of each."""
    is_own = np.repeat([False, True], [len(foreign), len(own)])
    return Foreign(
        rate=rate,
        num_foreign=len(foreign),
        num_own=len(own),
        sent_to_base=float((foreign < rate).mean()),
        false_alarms=float((own < rate).mean()),
        auroc=float(roc_auc_score(is_own, np.concatenate([foreign, own]))),
    )
