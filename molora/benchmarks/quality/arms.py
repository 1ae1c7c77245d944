"""Who is asked: the backbone, each expert, the routed choice, and what is put together from the experts' answers."""

import dataclasses
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from molora.benchmarks.quality.answer import Answer
from molora.errors import ConfigError

BASE, TOP1, TOP2, SOFT, UNIFORM = "base", "top1", "top2", "soft", "uniform"
ORACLE, RANDOM, TWICE = "oracle", "random", "twice"
ROUTED = (TOP1, TOP2, SOFT)


@dataclass(frozen=True)
class Arm:
    """`routing` is the request's field of that name, None where the model is named."""

    name: str
    model: str
    routing: dict[str, Any] | None = None


def make_arms(experts: Sequence[str]) -> list[Arm]:
    """`uniform` blends all adapters in equal shares, whatever is asked: mixing without a router.

    Raises ConfigError for an expert that has the name of another arm.
    """
    if taken := {TOP1, TOP2, SOFT, UNIFORM, ORACLE, RANDOM, TWICE} & set(experts):
        raise ConfigError(f"experts: '{min(taken)}' is how the benchmark calls a way to route; it needs another name")
    named = [Arm(name, name) for name in (BASE, *experts)]
    if not experts:
        return named
    blend = {"mode": "manual", "gates": dict.fromkeys(experts, 1 / len(experts))}
    return [*named, *(Arm(mode, "auto", {"mode": mode}) for mode in ROUTED), Arm(UNIFORM, "auto", blend)]


def add_chosen(answers: Sequence[Answer], experts: Sequence[str], seed: int) -> list[Answer]:
    """The answers, and some of the experts' once more: `oracle`, of the expert of a question's (first) type, where it
    has one, `random`, of any expert, and `twice`, of one of the two that `top2` mixes."""
    rng = random.Random(seed)
    picked = {index: rng.choice(experts) for index in sorted({a.index for a in answers})} if experts else {}
    by_experts = [a for a in answers if a.arm in experts]
    oracle = [dataclasses.replace(a, arm=ORACLE) for a in by_experts if a.arm in a.kinds[:1]]
    anyone = [dataclasses.replace(a, arm=RANDOM) for a in by_experts if a.arm == picked[a.index]]
    return [*answers, *oracle, *anyone, *_ask_twice(answers)]


def _ask_twice(answers: Sequence[Answer]) -> Iterator[Answer]:
    """What a client has who asks each of them and takes the answer that gate and expert together find likelier; the
    backbone's where no expert was chosen. A server may have more experts than were asked."""
    given = {(a.arm, a.index): a for a in answers}
    for mixed in (a for a in answers if a.arm == TOP2):
        gates = mixed.gates or {BASE: 1.0}
        asked = [name for name, gate in gates.items() if gate > 0 and (name, mixed.index) in given]
        if asked:
            best = max(asked, key=lambda name: math.log(gates[name]) + given[name, mixed.index].logprob)
            yield dataclasses.replace(given[best, mixed.index], arm=TWICE)
