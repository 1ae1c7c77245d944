"""Logits, wishes and the deployment's rules -> Decision. Pure; a refusal is a `BadRequest` that names the field."""

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from molora.config import PolicyConfig
from molora.router.layers import softmax
from molora.router.policy.agent import override, spread, tilt
from molora.router.policy.checks import candidates
from molora.router.policy.choosers import CHOOSERS, find_best
from molora.router.policy.doubts import doubt, is_unlike, stand_in
from molora.router.policy.sticky import follow, stickiness
from molora.router.query import Decision, Wishes

SMALLEST_TEMPERATURE = 1e-300


class Sight(NamedTuple):
    """A message as the router sees it: logits [num_experts] of the live experts, and its typicality."""

    logits: NDArray[np.float32]
    typicality: float = 1.0


class Lineup(NamedTuple):
    """The live experts, in the order of their logits; `newcomers` are those of them that are known by examples."""

    experts: Sequence[str]
    calibration: float = 1.0
    newcomers: Collection[str] = ()


def decide(
    sight: Sight, wishes: Wishes, lineup: Lineup, rules: PolicyConfig, earlier: Sequence[Sight] = ()
) -> Decision:
    """Who answers the question of `sight`; `earlier` are the user's messages before it, the oldest first.

    An agent's choice that overrides is heard first. Else a stand-in answers a question in doubt, where one is admitted.
    """
    shares, agent = find_shares(sight, wishes, lineup, rules), wishes.agent
    decision = Decision(wishes.mode, "router", {}, shares, typicality=sight.typicality)
    if agent is not None and rules.agent.policy == "override":
        is_new = is_unlike(shares, sight.typicality, lineup.newcomers, rules)
        gates = override(agent, shares, math.inf if is_new else rules.agent.veto)
        return replace(decision, source="agent", gates=gates, reason="vetoed" if len(gates) > 1 else None)
    if agent is not None:
        shares = tilt(shares, spread(agent, shares))
        decision = replace(decision, probabilities=shares)
    instead = _find_stand_in(shares, sight, wishes, lineup, rules)
    if instead is not None:
        return replace(decision, source=instead.source, gates=instead.gates, reason=instead.reason)
    margin = stickiness(wishes, rules)
    if margin == 0:
        return replace(decision, gates=CHOOSERS[wishes.mode](shares, wishes))
    held = follow(_answered_turns(earlier, wishes, lineup, rules), shares, margin)
    return replace(decision, gates={held: 1.0}, reason=None if held == find_best(shares) else "sticky")


def find_shares(sight: Sight, wishes: Wishes, lineup: Lineup, rules: PolicyConfig) -> dict[str, float]:
    """The candidates' probabilities: softmax(logits / (calibration * temperature)), times their weights in `prior`.

    Masking logits and renormalising probabilities are the same thing.
    """
    names = candidates(wishes, lineup.experts)
    places = {name: place for place, name in enumerate(lineup.experts)}
    temperature = lineup.calibration * (rules.temperature if wishes.temperature is None else wishes.temperature)
    kept = sight.logits[[places[name] for name in names]][None]
    shares = dict(zip(names, softmax(kept, max(temperature, SMALLEST_TEMPERATURE))[0].tolist(), strict=True))
    return tilt(shares, wishes.prior) if wishes.prior else shares


def _find_stand_in(
    shares: Mapping[str, float], sight: Sight, wishes: Wishes, lineup: Lineup, rules: PolicyConfig
) -> Decision | None:
    reason = doubt(shares, sight.typicality, lineup.newcomers, rules)
    return stand_in(reason, wishes, lineup.experts, rules.fallback) if reason else None


def _answered_turns(
    earlier: Iterable[Sight], wishes: Wishes, lineup: Lineup, rules: PolicyConfig
) -> Iterator[dict[str, float]]:
    """Those that the router chose for: the others leave the conversation with the expert that it has. An agent's choice
    is for the last turn alone."""
    wishes = replace(wishes, agent=None)
    for sight in earlier:
        shares = find_shares(sight, wishes, lineup, rules)
        if _find_stand_in(shares, sight, wishes, lineup, rules) is None:
            yield shares
