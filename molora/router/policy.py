"""Logits and wishes -> Decision. Pure; every refusal is a `BadRequest` that names the field at fault."""

import math
from collections.abc import Callable, Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from molora.errors import BadRequest
from molora.router.query import BASE, Decision, Wishes

LARGEST_GATE = float(np.finfo(np.float32).max)
"""The engine multiplies by float32."""


def is_by_hand(wishes: Wishes) -> bool:
    """True when the caller set the gates: the text need not be encoded at all."""
    return wishes.mode == "manual" or wishes.gates is not None


def check(wishes: Wishes, experts: Sequence[str]) -> None:
    """Refuses what cannot be decided, before any work is done."""
    if wishes.mode not in (*CHOOSERS, "manual"):
        served = ", ".join([*CHOOSERS, "manual"])
        raise BadRequest(f"routing mode '{wishes.mode}' is not served; served: {served}", param="routing.mode")
    temperature = wishes.temperature
    if temperature is not None and not (math.isfinite(temperature) and temperature > 0):
        raise BadRequest("temperature must be a finite number above 0", param="routing.temperature")
    candidates(wishes, experts)


def candidates(wishes: Wishes, experts: Sequence[str]) -> list[str]:
    """The experts `allow` and `deny` leave, in the order of `experts`; never empty."""
    if not experts:
        raise BadRequest("there is no expert to route to", param="model")
    allow = frozenset(experts if wishes.allow is None else wishes.allow)
    _check_known(wishes.allow or (), experts, "routing.allow")
    _check_known(wishes.deny, experts, "routing.deny")
    left = [name for name in experts if name in allow and name not in wishes.deny]
    if not left:
        param = "routing.deny" if wishes.deny else "routing.allow"
        raise BadRequest("allow and deny leave no expert to route to", param=param)
    return left


def softmax(logits: NDArray[np.float32], temperature: float) -> NDArray[np.float64]:
    """softmax(logits / temperature) over the last axis. Any temperature above 0 is safe."""
    with np.errstate(over="ignore"):
        exponents = (logits.astype(np.float64) - logits.max(axis=-1, keepdims=True)) / temperature
    weights = np.exp(exponents)
    shares: NDArray[np.float64] = weights / weights.sum(axis=-1, keepdims=True)
    return shares


def decide(
    logits: NDArray[np.float32], wishes: Wishes, experts: Sequence[str], calibration: float, default: float = 1.0
) -> Decision:
    """The router's choice; logits [num_experts] in the order of `experts`.

    Probabilities are softmax(logits / (calibration * temperature)) over the candidates, temperature being
    the wish or the `default`. Masking logits and renormalising probabilities are the same thing.
    """
    names = candidates(wishes, experts)
    places = {name: place for place, name in enumerate(experts)}
    kept = logits[[places[name] for name in names]]
    temperature = default if wishes.temperature is None else wishes.temperature
    shares = dict(zip(names, map(float, softmax(kept, max(calibration * temperature, 1e-300))), strict=True))
    gates = CHOOSERS[wishes.mode](shares, wishes.floor)
    return Decision(mode=wishes.mode, source="router", gates=gates, probabilities=shares)


Chooser = Callable[[Mapping[str, float], float], dict[str, float]]
"""Probabilities and a floor -> gates that sum to 1."""


def _top(num: int) -> Chooser:
    def choose(shares: Mapping[str, float], _: float) -> dict[str, float]:
        best = sorted(shares, key=shares.__getitem__, reverse=True)[:num]
        return _renormalise({name: shares[name] for name in best})

    return choose


def _soft(shares: Mapping[str, float], floor: float) -> dict[str, float]:
    """The largest stays whatever the floor."""
    least = min(floor, max(shares.values()))
    return _renormalise({name: share for name, share in shares.items() if share >= least})


def _renormalise(gates: Mapping[str, float]) -> dict[str, float]:
    """To sum 1. Of one alone exactly 1; a share that underflowed to 0 is no gate."""
    total = sum(gates.values())
    return {name: gate / total for name, gate in gates.items() if gate > 0}


CHOOSERS: Mapping[str, Chooser] = {"top1": _top(1), "top2": _top(2), "soft": _soft}


def by_hand(wishes: Wishes, experts: Sequence[str]) -> Decision:
    """The caller's choice: any finite gates on admitted experts, or `base` alone for the bare backbone."""
    gates = wishes.gates
    if not gates:
        raise BadRequest('mode manual needs gates, such as {"<expert>": 1.0}', param="routing.gates")
    _check_known(gates, [*experts, BASE], "routing.gates")
    if BASE in gates:
        if gates != {BASE: 1.0}:
            raise BadRequest(
                "base, the backbone without experts, has a gate of 1 and no other beside it", param="routing.gates"
            )
        return Decision(mode="manual", source="manual", gates={})
    if not all(abs(gate) <= LARGEST_GATE for gate in gates.values()) or not any(gates.values()):
        raise BadRequest("gates must be finite numbers, and one of them not 0", param="routing.gates")
    admitted = candidates(wishes, experts)
    for name in gates:
        if name not in admitted:
            raise BadRequest(f"expert '{name}' is not admitted by allow and deny", param="routing.gates")
    return Decision(mode="manual", source="manual", gates={name: gate for name, gate in gates.items() if gate})


def fall_back(wishes: Wishes, experts: Sequence[str], fallback: str | None) -> Decision | None:
    """What is decided where the question could not be read; None where `fallback` is nobody, or is not admitted."""
    admitted = [*candidates(wishes, experts), *([BASE] if wishes.allow is None else [])]
    if fallback not in admitted:
        return None
    gates = {} if fallback == BASE else {fallback: 1.0}
    return Decision(mode=wishes.mode, source="fallback", gates=gates)


def _check_known(names: Collection[str], experts: Collection[str], param: str) -> None:
    for name in names:
        if name not in experts:
            raise BadRequest(f"unknown expert '{name}'; known: {', '.join(experts)}", param=param)
