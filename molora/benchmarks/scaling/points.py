"""Where it is measured: one factor at a time, round a default."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from molora.errors import ConfigError


class Factor(StrEnum):
    """`EXPERTS` are registered ones, `SLOTS` those the engine holds at once, `PROMPT` words beside the question's own,
    `PICTURE` the side of a square one in pixels."""

    CONCURRENCY = "concurrency"
    PROMPT = "prompt"
    PICTURE = "picture"
    EXPERTS = "experts"
    SLOTS = "slots"


VALUES: Mapping[Factor, Sequence[int]] = {
    Factor.CONCURRENCY: (1, 2, 4, 8, 16, 32, 64),
    Factor.PROMPT: (0, 32, 96, 192, 384),
    Factor.PICTURE: (56, 112, 224, 448, 896),
    Factor.EXPERTS: (4, 32, 128, 500),
    Factor.SLOTS: (2, 4, 8, 16),
}
SMALLEST = {Factor.PROMPT: 0, Factor.PICTURE: 28}
"""1 for the others."""
ON_ONE_SERVER = (Factor.CONCURRENCY, Factor.PROMPT, Factor.PICTURE)
"""Their points take turns in every round."""


@dataclass(frozen=True)
class Setting:
    concurrency: int = 8
    prompt: int = 0
    picture: int = 112
    experts: int = 4
    slots: int = 8

    def value(self, factor: Factor) -> int:
        value: int = getattr(self, factor)
        return value


def vary(default: Setting, factor: Factor, values: Sequence[int]) -> list[Setting]:
    return [replace(default, **{factor: value}) for value in values]


def read_factors(texts: Sequence[str]) -> dict[Factor, list[int]]:
    """`name` or `name=1,2,...`; none for all of them. Raises ConfigError for what is neither."""
    return dict(map(_read_factor, texts or list(Factor)))


def _read_factor(text: str) -> tuple[Factor, list[int]]:
    name, _, listed = text.partition("=")
    try:
        factor = Factor(name)
        values = [int(value) for value in listed.split(",")] if listed else list(VALUES[factor])
    except ValueError:
        raise ConfigError(f"'{text}' is no factor: write one of {', '.join(Factor)}, or such as experts=4,32") from None
    if len(set(values)) < 2 or min(values) < SMALLEST.get(factor, 1):
        raise ConfigError(f"'{text}': give two values or more, from {SMALLEST.get(factor, 1)} on")
    return factor, sorted(set(values))
