"""Routing that stays with the expert of a conversation, whose prefix the engine has cached.

Nothing is kept between requests: a conversation's messages say who answered, the same on every replica.
"""

from collections.abc import Iterable, Mapping

from molora.config import PolicyConfig
from molora.router.policy.choosers import find_best
from molora.router.query import Query, Wishes

MAX_TURNS = 8
"""Earlier messages that are looked at."""


def stickiness(wishes: Wishes, rules: PolicyConfig) -> float:
    """0 where it is off, as in all modes but top1."""
    if wishes.mode != "top1":
        return 0.0
    return rules.sticky if wishes.sticky is None else wishes.sticky


def take_earlier(query: Query, wishes: Wishes, rules: PolicyConfig) -> tuple[Query, ...]:
    """The earlier messages that count, the oldest first."""
    return query.earlier[-MAX_TURNS:] if stickiness(wishes, rules) > 0 else ()


def stay(held: str | None, shares: Mapping[str, float], margin: float) -> str:
    """The expert of a turn. `held`, that of the turn before, stays unless another is likelier by more than `margin`."""
    best = find_best(shares)
    if held is None or held not in shares:
        return best
    return held if shares[best] - shares[held] <= margin else best


def follow(earlier: Iterable[Mapping[str, float]], shares: Mapping[str, float], margin: float) -> str:
    """Who answers last in a conversation, of the probabilities of its turns; the earlier ones, the oldest first."""
    held: str | None = None
    for turn in earlier:
        held = stay(held, turn, margin)
    return stay(held, shares, margin)
