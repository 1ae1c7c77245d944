"""What is done about wrong labels before the head learns from them.

`consensus`: where questions that open alike are labelled in contradiction, all get the label of their opening
(`openings.py`): for labels made by a language model, whose errors have a system. `confident`: questions whose label the
others speak against are left out (`confident.py`): for labels that are wrong now and then. `both`: one after the other.
`given`: nothing. Questions of several experts keep their labels.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from molora.router.labels.confident import Fit, find_doubtful
from molora.router.labels.openings import decide, find_openings
from molora.router.training.examples import Examples
from molora.router.training.plan import Method, Plan


@dataclass(frozen=True)
class Mended:
    """`examples` are those to learn from; `openings` are what decided, and for which expert.

    `agreement` is the share of the questions of one expert that stay and keep their label.
    """

    examples: Examples
    method: Method
    num_relabelled: int
    num_dropped: int
    agreement: float
    openings: dict[str, str]

    def to_dict(self) -> dict[str, Any]:
        names = ("method", "num_relabelled", "num_dropped", "agreement", "openings")
        return {name: getattr(self, name) for name in names}


def mend(examples: Examples, plan: Plan, fit: Fit) -> Mended:
    alone = examples.alone
    openings: dict[str, str] = {}
    relabelled, doubtful = np.zeros_like(alone), np.zeros_like(alone)
    mended = examples
    if plan.labels in ("consensus", "both"):
        mended, openings = agree(examples)
        relabelled = (mended.targets != examples.targets).any(axis=1)
    if plan.labels in ("confident", "both"):
        doubtful = find_doubtful(mended, plan.seed, fit)
    num_alone, changed = int(alone.sum()), relabelled | doubtful
    return Mended(
        examples=mended.take(np.flatnonzero(~doubtful)),
        method=plan.labels,
        num_relabelled=int((relabelled & ~doubtful).sum()),
        num_dropped=int(doubtful.sum()),
        agreement=1 - int(changed.sum()) / max(num_alone, 1),
        openings=openings,
    )


def agree(examples: Examples) -> tuple[Examples, dict[str, str]]:
    """With the labels of the openings for the questions that are alone with their expert, and those openings."""
    rows = np.flatnonzero(examples.alone)
    decided = find_openings([examples.texts[row] for row in rows], examples.targets[rows])
    targets, units = examples.targets.copy(), np.eye(len(examples.classes), dtype=np.float32)
    for row in rows:
        leader = decide(examples.texts[row], decided)
        if leader is not None:
            targets[row] = units[leader]
    named = {" ".join(opening): examples.classes[leader] for opening, leader in decided.items()}
    return examples._replace(targets=targets), named
