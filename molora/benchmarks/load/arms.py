"""The arms: which server answers, and what a question becomes as requests to it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from molora.benchmarks.load.merged import nearest
from molora.benchmarks.load.plan import Ask
from molora.errors import ConfigError

MOLORA, VLLM, MERGED = "molora", "vllm", "merged"
"""Servers: Molora, a plain vLLM with the same experts, and one with experts merged in pairs."""

Body = dict[str, Any]


@dataclass(frozen=True)
class Arm:
    """`routes`: Molora's router is at work. `wants_gates`: the client goes by gates that it has been told before."""

    server: str
    about: str
    bodies: Callable[[Ask], tuple[Body, ...]]
    routes: bool = False
    wants_gates: bool = False


def _as_model(model: str, _: Ask) -> tuple[Body, ...]:
    return ({"model": model},)


def _as_named(ask: Ask) -> tuple[Body, ...]:
    return ({"model": ask.expert},)


def _as_routed(mode: str, _: Ask) -> tuple[Body, ...]:
    return ({"model": "auto", "routing": {"mode": mode}},)


def _as_each(ask: Ask) -> tuple[Body, ...]:
    return tuple({"model": expert} for expert in ask.gates)


def _as_merged(ask: Ask) -> tuple[Body, ...]:
    return ({"model": nearest(ask.gates)},)


ARMS = {
    "base": Arm(MOLORA, "the bare backbone", partial(_as_model, "base")),
    "manual": Arm(MOLORA, "the client names the expert", _as_named),
    "top1": Arm(MOLORA, "the router's likeliest expert", partial(_as_routed, "top1"), routes=True),
    "top2": Arm(MOLORA, "a mixture of the two likeliest", partial(_as_routed, "top2"), routes=True),
    "soft": Arm(MOLORA, "a mixture of all experts", partial(_as_routed, "soft"), routes=True),
    "twice": Arm(MOLORA, "the client asks the two likeliest and combines", _as_each, wants_gates=True),
    "vllm": Arm(VLLM, "plain vLLM, the client names the adapter", _as_named),
    "vllm-base": Arm(VLLM, "plain vLLM, the bare backbone", partial(_as_model, "base")),
    "merged": Arm(MERGED, "plain vLLM, an adapter merged for the pair and its gates", _as_merged, wants_gates=True),
}
DEFAULT = tuple(ARMS)


def pick_arms(names: Sequence[str]) -> dict[str, Arm]:
    """Raises ConfigError for one that there is none of."""
    unknown = [name for name in names if name not in ARMS]
    if unknown:
        raise ConfigError(f"there is no arm '{unknown[0]}': choose from {', '.join(ARMS)}")
    return {name: ARMS[name] for name in names}


def pair_questions(arms: Mapping[str, Arm]) -> dict[str, str]:
    """Whose questions each arm asks. One that no router has read asks those of `top1`; those that were read have their
    own, for the router remembers questions."""
    return {name: name if arm.routes or arm.wants_gates else "top1" for name, arm in arms.items()}
