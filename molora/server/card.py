"""An expert as its administrators see it."""

from collections import Counter
from typing import Any, Literal

from typing_extensions import TypedDict

from molora.engine.interface import Residency
from molora.router.interface import RoutedBy
from molora.server.core import Core
from molora.server.registry import Expert, Origin, State, Verified


class Draining(TypedDict):
    """A version that answers nobody any more but those it had begun with."""

    version: int
    requests_in_flight: int


class ExpertCard(TypedDict):
    """`requests_in_flight` and `resident` are of the version that answers; `draining` lists those before it."""

    id: str
    object: Literal["expert"]
    state: State
    error: str | None
    origin: Origin
    description: str
    examples: tuple[str, ...]
    system_prompt: str | None
    response_schema: dict[str, Any] | None
    defaults: dict[str, Any]
    digest: str | None
    version: int | None
    rank: int | None
    modules: dict[str, int] | None
    bytes: int | None
    verified: Verified
    routed_by: RoutedBy | None
    resident: bool
    requests_in_flight: int
    last_used: float | None
    draining: list[Draining]


def card(core: Core, expert: Expert, now: Residency) -> ExpertCard:
    checked, number = expert.checked, expert.version.number if expert.version else None
    profile = expert.profile
    return {
        "id": expert.name,
        "object": "expert",
        "state": expert.state,
        "error": expert.error,
        "origin": expert.origin,
        "description": profile.description,
        "examples": profile.examples,
        "system_prompt": profile.system_prompt,
        "response_schema": profile.response_schema,
        "defaults": profile.defaults,
        "digest": expert.digest and f"sha256:{expert.digest}",
        "version": number,
        "rank": checked.rank if checked else None,
        "modules": _count_modules(checked.modules) if checked else None,
        "bytes": checked.num_bytes if checked else None,
        "verified": expert.verified,
        "routed_by": core.router.routed_by(expert.name) if expert.state == "ready" else None,
        "resident": number in now.resident,
        "requests_in_flight": core.engine.num_in_flight(expert.version) if expert.version else 0,
        "last_used": core.registry.last_used.get(expert.name),
        "draining": [
            {"version": one.version.number, "requests_in_flight": core.engine.num_in_flight(one.version)}
            for one in core.registry.leaving
            if one.version and one.name == expert.name
        ],
    }


def _count_modules(modules: tuple[str, ...]) -> dict[str, int]:
    """How many of each kind, such as `q_proj`."""
    return dict(sorted(Counter(module.rpartition(".")[2] for module in modules).items()))
