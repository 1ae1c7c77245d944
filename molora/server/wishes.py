"""The `routing` field of a request, and what naming a model wishes for."""

from collections.abc import Collection
from typing import Any

from pydantic import Field

from molora.errors import BadRequest, NotFound
from molora.router.query import AUTO, BASE, Mode, Wishes
from molora.server.body import Strict, check


class Routing(Strict):
    """How to route: all of it optional."""

    mode: Mode | None = None
    temperature: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    allow: list[str] | None = None
    deny: list[str] | None = None
    gates: dict[str, float] | None = None
    floor: float | None = Field(default=None, ge=0, le=1)


def read_model(model: Any, experts: Collection[str]) -> str:
    """`auto`, `base` or an expert. Raises NotFound for another name, BadRequest for none."""
    if not isinstance(model, str) or not model:
        raise BadRequest("model is required: auto, base, or an expert's name", param="model")
    if model not in (AUTO, BASE, *experts):
        raise NotFound(f"the model '{model}' does not exist", param="model", code="model_not_found")
    return model


def read_wishes(model: str, routing: Any) -> Wishes:
    """A named model is a choice by hand: it leaves nothing to route, so a `routing` beside it is refused."""
    read = Routing() if routing is None else check(Routing, routing, "routing")
    if model == AUTO:
        return _as_wishes(read)
    if read != Routing():
        raise BadRequest("routing is for model 'auto'; a named model is not routed", param="routing")
    return Wishes(mode="manual", gates={model: 1.0})


def _as_wishes(routing: Routing) -> Wishes:
    mode = routing.mode or ("manual" if routing.gates else "top1")
    if mode != "manual" and routing.gates is not None:
        raise BadRequest("gates are for mode manual", param="routing.gates")
    allow = None if routing.allow is None else tuple(routing.allow)
    if mode != "soft" and routing.floor is not None:
        raise BadRequest("a floor is for mode soft", param="routing.floor")
    return Wishes(mode, routing.temperature, allow, tuple(routing.deny or ()), routing.gates, routing.floor or 0.0)
