"""Which wishes can be met, and whom they admit; every refusal is a `BadRequest` that names the field at fault."""

import math
from collections.abc import Collection, Mapping, Sequence

from molora.errors import BadRequest
from molora.router.policy.choosers import CHOOSERS
from molora.router.query import Mode, Wishes

ROUTED = tuple(CHOOSERS)
ONLY_FOR: Mapping[str, tuple[Mode, ...]] = {
    "floor": ("soft",),
    "top_k": ("soft",),
    "sticky": ("top1",),
    "agent": ROUTED,
    "prior": ROUTED,
}
"""Wishes that mean nothing in the other modes."""


def is_by_hand(wishes: Wishes) -> bool:
    """True when the caller set the gates: the question need not be encoded at all."""
    return wishes.mode == "manual" or wishes.gates is not None


def check(wishes: Wishes, experts: Sequence[str]) -> None:
    """Refuses what cannot be decided, before any work is done."""
    if wishes.mode not in (*ROUTED, "manual"):
        served = ", ".join([*ROUTED, "manual"])
        raise BadRequest(f"routing mode '{wishes.mode}' is not served; served: {served}", param="routing.mode")
    mode = "manual" if is_by_hand(wishes) else wishes.mode
    for name, modes in ONLY_FOR.items():
        _hold(getattr(wishes, name) is None or mode in modes, name, f"is for mode {' or '.join(modes)}")
    _check_numbers(wishes)
    candidates(wishes, experts)


def candidates(wishes: Wishes, experts: Sequence[str]) -> list[str]:
    """The experts that `allow`, `deny` and a `prior` of 0 leave, in the order of `experts`; never empty, and the
    agent's choice is among them."""
    if not experts:
        raise BadRequest("there is no expert to route to", param="model")
    left = _weighed(wishes, experts, _listed(wishes, experts))
    if wishes.agent is not None:
        check_known([wishes.agent.expert], experts, "routing.agent.expert")
        _hold(wishes.agent.expert in left, "agent.expert", "is not admitted by allow, deny and prior")
    return left


def check_known(names: Collection[str], experts: Collection[str], param: str) -> None:
    for name in names:
        if name not in experts:
            raise BadRequest(f"unknown expert '{name}'; known: {', '.join(experts)}", param=param)


def _listed(wishes: Wishes, experts: Sequence[str]) -> list[str]:
    allow = frozenset(experts if wishes.allow is None else wishes.allow)
    check_known(wishes.allow or (), experts, "routing.allow")
    check_known(wishes.deny, experts, "routing.deny")
    left = [name for name in experts if name in allow and name not in wishes.deny]
    if not left:
        param = "routing.deny" if wishes.deny else "routing.allow"
        raise BadRequest("allow and deny leave no expert to route to", param=param)
    return left


def _weighed(wishes: Wishes, experts: Sequence[str], listed: list[str]) -> list[str]:
    weights = wishes.prior or {}
    check_known(weights, experts, "routing.prior")
    left = [name for name in listed if weights.get(name, 1.0) > 0]
    _hold(bool(left), "prior", "has no weight above 0 for an expert that may be chosen")
    return left


def _check_numbers(wishes: Wishes) -> None:
    floor, top_k, sticky, agent = wishes.floor, wishes.top_k, wishes.sticky, wishes.agent
    temperature, weights = wishes.temperature, (wishes.prior or {}).values()
    is_warm = temperature is None or (math.isfinite(temperature) and temperature > 0)
    _hold(is_warm, "temperature", "must be a finite number above 0")
    _hold(floor is None or 0 <= floor <= 1, "floor", "must be from 0 to 1")
    _hold(top_k is None or top_k >= 1, "top_k", "must be 1 or more")
    _hold(sticky is None or 0 <= sticky <= 1, "sticky", "must be from 0 to 1")
    _hold(agent is None or 0 < agent.confidence <= 1, "agent.confidence", "must be above 0, and 1 at most")
    _hold(all(0 <= weight < math.inf for weight in weights), "prior", "must be finite weights of 0 or more")


def _hold(is_met: bool, field: str, rule: str) -> None:
    if not is_met:
        raise BadRequest(f"{field} {rule}", param=f"routing.{field}")
