"""Questions that the router should not answer for, and who does."""

from collections.abc import Collection, Mapping, Sequence

from molora.config import PolicyConfig
from molora.router.policy.checks import candidates
from molora.router.query import BASE, Decision, Reason, Wishes


def doubt(
    shares: Mapping[str, float], typicality: float, newcomers: Collection[str], rules: PolicyConfig
) -> Reason | None:
    """Why the router should not answer for a question, by its probabilities and its typicality."""
    if is_unlike(shares, typicality, newcomers, rules):
        return "unlike"
    return "unsure" if max(shares.values()) < rules.min_confidence else None


def is_unlike(shares: Mapping[str, float], typicality: float, newcomers: Collection[str], rules: PolicyConfig) -> bool:
    """Typicality is of the questions of trained experts. So where the `newcomers`, known by examples, are together
    likelier than any other expert, it says nothing."""
    claimed = sum(share for name, share in shares.items() if name in newcomers)
    others = max((share for name, share in shares.items() if name not in newcomers), default=0.0)
    return typicality < rules.false_alarms and claimed <= others


def stand_in(reason: Reason, wishes: Wishes, experts: Sequence[str], fallback: str | None) -> Decision | None:
    """What is decided in the router's place: the agent's expert answers where an agent chose, else base a question
    unlike any other, and `fallback` the rest. None where that is nobody, or is not admitted: `allow` leaves base out.

    A router that is unsure has base for want of a fallback; one that failed has nobody.
    """
    admitted = [*candidates(wishes, experts), *([BASE] if wishes.allow is None else [])]
    if wishes.agent is not None:
        return Decision(wishes.mode, "agent", {wishes.agent.expert: 1.0}, reason=reason)
    name = fallback if reason == "failed" else BASE if reason == "unlike" else fallback or BASE
    if name not in admitted:
        return None
    return Decision(wishes.mode, "fallback", {} if name == BASE else {name: 1.0}, reason=reason)
