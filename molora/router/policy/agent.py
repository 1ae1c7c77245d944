"""An upstream agent's choice: what it makes of the router's probabilities, or how it answers in their place."""

from collections.abc import Collection, Mapping

from molora.router.policy.choosers import find_best, renormalise
from molora.router.query import AgentChoice


def tilt(shares: Mapping[str, float], weights: Mapping[str, float]) -> dict[str, float]:
    """Probabilities times weights, to sum 1; an expert that is not named counts 1. Where nothing is left of the
    product, as of probabilities that underflowed, the weights alone."""
    largest = max(weights.get(name, 1.0) for name in shares)
    scaled = {name: weights.get(name, 1.0) / largest for name in shares}
    product = {name: share * scaled[name] for name, share in shares.items()}
    kept = product if any(product.values()) else scaled
    total = sum(kept.values())
    return {name: share / total for name, share in kept.items()}


def spread(choice: AgentChoice, names: Collection[str]) -> dict[str, float]:
    """The choice as probabilities of `names`, of which it is one: what its confidence leaves the others share evenly.
    Where there is no other it has all."""
    if len(names) == 1:
        return {choice.expert: 1.0}
    rest = (1 - choice.confidence) / (len(names) - 1)
    return {name: choice.confidence if name == choice.expert else rest for name in names}


def override(choice: AgentChoice, shares: Mapping[str, float], veto: float) -> dict[str, float]:
    """Gates: the agent's expert alone, unless the router's likeliest is another and its probability at least `veto`.
    Then both answer, weighed by the agent's confidence and that probability."""
    best = find_best(shares)
    if best == choice.expert or shares[best] < veto:
        return {choice.expert: 1.0}
    return renormalise({choice.expert: choice.confidence, best: shares[best]})
