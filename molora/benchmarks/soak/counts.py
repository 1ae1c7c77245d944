"""How many requests of a soak went how."""

from collections import Counter
from dataclasses import dataclass

from molora.benchmarks.soak.newcomer import CHANGE
from molora.benchmarks.soak.soak import Soaked


@dataclass(frozen=True)
class Counts:
    """`refused` were bad requests answered as such, `left` had clients that did not wait for the end.

    `faults` are counted by kind and fault, looks at `/ready` and `/metrics` that failed among them.
    """

    by_kind: dict[str, int]
    answered: int
    refused: int
    left: int
    golden: int
    changes: int
    faults: dict[str, int]
    at_the_end: dict[str, float]

    @property
    def sent(self) -> int:
        return sum(self.by_kind.values())

    @property
    def num_faults(self) -> int:
        return sum(self.faults.values())


def count(soaked: Soaked) -> Counts:
    """Of everything that was sent, before and after the traffic too."""
    sent = [one for one in soaked.exchanges if one.kind != CHANGE]
    faults = Counter(f"{one.kind}: {one.fault}" for one in soaked.exchanges if one.fault)
    faults += Counter("look: not ready" for state in soaked.states if not state.is_ready)
    faults += Counter("look: no metrics" for state in soaked.states if not state.gauges)
    return Counts(
        by_kind=dict(Counter(one.kind for one in sent).most_common()),
        answered=sum(one.is_answered for one in sent),
        refused=sum(400 <= one.status < 500 and not one.fault for one in sent),
        left=sum(one.has_left for one in sent),
        golden=sum(bool(one.golden) for one in sent),
        changes=len(soaked.exchanges) - len(sent),
        faults=dict(faults.most_common()),
        at_the_end=soaked.states[-1].gauges,
    )
