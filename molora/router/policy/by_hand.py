"""Gates that the caller chose."""

from collections.abc import Mapping, Sequence

import numpy as np

from molora.errors import BadRequest
from molora.router.policy.checks import candidates, check_known
from molora.router.query import BASE, Decision, Wishes

LARGEST_GATE = float(np.finfo(np.float32).max)
"""The engine multiplies by float32."""


def by_hand(wishes: Wishes, experts: Sequence[str]) -> Decision:
    """The caller's choice: any finite gates on admitted experts, or `base` alone for the bare backbone."""
    gates = wishes.gates
    if not gates:
        raise BadRequest('mode manual needs gates, such as {"<expert>": 1.0}', param="routing.gates")
    check_known(gates, [*experts, BASE], "routing.gates")
    if BASE in gates:
        return _bare(gates)
    if not all(abs(gate) <= LARGEST_GATE for gate in gates.values()) or not any(gates.values()):
        raise BadRequest("gates must be finite numbers, and one of them not 0", param="routing.gates")
    admitted = candidates(wishes, experts)
    for name in gates:
        if name not in admitted:
            raise BadRequest(f"expert '{name}' is not admitted by allow and deny", param="routing.gates")
    return Decision(mode="manual", source="manual", gates={name: gate for name, gate in gates.items() if gate})


def _bare(gates: Mapping[str, float]) -> Decision:
    if gates != {BASE: 1.0}:
        message = "base, the backbone without experts, has a gate of 1 and no other beside it"
        raise BadRequest(message, param="routing.gates")
    return Decision(mode="manual", source="manual", gates={})
