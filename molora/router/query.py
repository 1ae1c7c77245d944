"""What the router is asked, what the caller wishes for, and what is decided."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from PIL.Image import Image
from typing_extensions import TypedDict

Mode = Literal["top1", "top2", "soft", "sequential", "manual"]
Source = Literal["router", "manual", "fallback"]

BASE = "base"
AUTO = "auto"


@dataclass(frozen=True)
class Query:
    """The last user message: its text, and its pictures already fetched and checked."""

    text: str
    images: tuple[Image, ...] = ()


@dataclass(frozen=True)
class Wishes:
    """The request's `routing` field.

    `allow=None` admits every expert; `temperature=None` is the deployment's; `gates` are the caller's own choice
    and skip the router, whatever the mode says.
    """

    mode: Mode = "top1"
    temperature: float | None = None
    allow: tuple[str, ...] | None = None
    deny: tuple[str, ...] = ()
    gates: Mapping[str, float] | None = None
    floor: float = 0.0
    """In mode soft, experts with a smaller probability get no gate."""


class DecisionBody(TypedDict):
    """Who answers: `gates` weigh the experts, empty for the bare backbone; `entropy` is in nats."""

    mode: Mode
    source: Source
    gates: dict[str, float]
    probabilities: dict[str, float]
    entropy: float
    confidence: float
    router_ms: float


@dataclass(frozen=True)
class Decision:
    """Gates of the experts that answer; none of them means the bare backbone."""

    mode: Mode
    source: Source
    gates: Mapping[str, float]
    probabilities: Mapping[str, float] = field(default_factory=dict)
    router_ms: float = 0.0

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
        """The largest probability; 1 when the caller chose, 0 when nobody did."""
        return max(self.probabilities.values(), default=float(self.source == "manual"))

    def to_dict(self) -> DecisionBody:
        """The `routing` object of a response."""
        return {
            "mode": self.mode,
            "source": self.source,
            "gates": dict(self.gates),
            "probabilities": dict(self.probabilities),
            "entropy": self.entropy,
            "confidence": self.confidence,
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
