"""What the router is asked, what the caller wishes for, and what is decided."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from PIL.Image import Image
from typing_extensions import TypedDict

Mode = Literal["top1", "top2", "soft", "sequential", "manual"]
Source = Literal["router", "agent", "manual", "fallback"]
Reason = Literal["failed", "unlike", "unsure", "vetoed", "sticky"]
"""Why a decision is another than the router's probabilities alone would be."""

BASE = "base"
AUTO = "auto"


@dataclass(frozen=True)
class Query:
    """A user message: its text, and its pictures already fetched and checked. `earlier` are the user's messages before
    it in the conversation, the oldest first; their own `earlier` is empty."""

    text: str
    images: tuple[Image, ...] = ()
    earlier: tuple["Query", ...] = ()


@dataclass(frozen=True)
class AgentChoice:
    """What an agent upstream chose; `confidence` in (0, 1] is its own."""

    expert: str
    confidence: float = 1.0


@dataclass(frozen=True)
class Wishes:
    """The request's `routing` field; None is the deployment's default, or no wish.

    `allow=None` admits every expert; `gates` are the caller's own choice and skip the router, whatever the mode says.
    """

    mode: Mode = "top1"
    temperature: float | None = None
    allow: tuple[str, ...] | None = None
    deny: tuple[str, ...] = ()
    gates: Mapping[str, float] | None = None
    floor: float | None = None
    """In mode soft, experts with a smaller probability get no gate."""
    top_k: int | None = None
    """In mode soft, only this many of the likeliest experts get one."""
    agent: AgentChoice | None = None
    prior: Mapping[str, float] | None = None
    """Multiplies the probabilities: an expert that is not named counts 1, one that counts 0 is left out."""
    sticky: float | None = None
    """In mode top1, by how much another expert must be likelier than the one of the turn before to take its place."""


class DecisionBody(TypedDict):
    """Who answers: `gates` weigh the experts, empty for the bare backbone; `entropy` is in nats.

    `source` is who chose: `agent` where its expert answers whatever the router says, or in the router's place, but
    `router` where its choice only weighed in. `reason` tells why it is not whom the probabilities alone would choose:
    the router `failed`, the question is `unlike` those that it knows, it is `unsure`, it `vetoed` an agent's choice and
    both answer, or the conversation is `sticky`. `typicality` is the share of the questions the router was trained for
    that are no more typical than this one.
    """

    mode: Mode
    source: Source
    reason: Reason | None
    gates: dict[str, float]
    probabilities: dict[str, float]
    entropy: float
    confidence: float
    typicality: float | None
    router_ms: float


@dataclass(frozen=True)
class Decision:
    """Gates of the experts that answer; none of them means the bare backbone. `typicality` is None where the question
    was not read."""

    mode: Mode
    source: Source
    gates: Mapping[str, float]
    probabilities: Mapping[str, float] = field(default_factory=dict)
    router_ms: float = 0.0
    reason: Reason | None = None
    typicality: float | None = None

    @property
    def expert(self) -> str:
        """The expert with the largest gate, or `base`."""
        return max(self.gates, key=self.gates.__getitem__, default=BASE)

    @property
    def entropy(self) -> float:
        """Of the probabilities, in nats; 0 when nothing was left to chance."""
        return -sum(p * math.log(p) for p in self.probabilities.values() if p > 0) + 0.0

    @property
    def confidence(self) -> float:
        """The largest probability; where there is none, 1 when the caller chose and 0 otherwise."""
        return max(self.probabilities.values(), default=float(self.source == "manual"))

    def to_dict(self) -> DecisionBody:
        """The `routing` object of a response."""
        return {
            "mode": self.mode,
            "source": self.source,
            "reason": self.reason,
            "gates": dict(self.gates),
            "probabilities": dict(self.probabilities),
            "entropy": self.entropy,
            "confidence": self.confidence,
            "typicality": self.typicality,
            "router_ms": self.router_ms,
        }

    def to_headers(self) -> dict[str, str]:
        """The same in short, for clients that only see headers."""
        return {
            "x-molora-expert": self.expert,
            "x-molora-source": self.source,
            "x-molora-confidence": f"{self.confidence:.4f}",
            "x-molora-router-ms": f"{self.router_ms:.2f}",
        }
