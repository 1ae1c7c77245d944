"""Probabilities -> gates that sum to 1, one way for each routed mode."""

from collections.abc import Callable, Mapping

from molora.router.query import Mode, Wishes

Chooser = Callable[[Mapping[str, float], Wishes], dict[str, float]]


def find_best(shares: Mapping[str, float]) -> str:
    """The likeliest; of equals the first."""
    return max(shares, key=shares.__getitem__)


def renormalise(gates: Mapping[str, float]) -> dict[str, float]:
    """To sum 1. Of one alone exactly 1; a share that underflowed to 0 is no gate."""
    total = sum(gates.values())
    return {name: gate / total for name, gate in gates.items() if gate > 0}


def _keep(shares: Mapping[str, float], num: int) -> dict[str, float]:
    """The likeliest `num`."""
    best = sorted(shares, key=shares.__getitem__, reverse=True)[:num]
    return {name: shares[name] for name in best}


def _top(num: int) -> Chooser:
    return lambda shares, _: renormalise(_keep(shares, num))


def _soft(shares: Mapping[str, float], wishes: Wishes) -> dict[str, float]:
    """The largest stays whatever the floor."""
    kept = shares if wishes.top_k is None else _keep(shares, wishes.top_k)
    least = min(wishes.floor or 0.0, max(shares.values()))
    return renormalise({name: share for name, share in kept.items() if share >= least})


CHOOSERS: Mapping[Mode, Chooser] = {"top1": _top(1), "top2": _top(2), "soft": _soft}
