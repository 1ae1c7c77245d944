"""The `routing` field of a request, and what naming a model wishes for."""

from collections.abc import Collection
from typing import Annotated, Any

from pydantic import Field

from molora.errors import BadRequest, NotFound
from molora.router.query import AUTO, BASE, AgentChoice, Mode, Wishes
from molora.server.body import Strict, check

Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Agent(Strict):
    """The expert that an agent upstream chose; how it is heard is the deployment's."""

    expert: str
    confidence: float = Field(1.0, gt=0, le=1)


class Routing(Strict):
    """How to route: all of it optional."""

    mode: Mode | None = Field(None, description="`top1` where nothing is said, `manual` where gates are.")
    temperature: float | None = Field(None, gt=0, allow_inf_nan=False, description="Above 1 flattens, below sharpens.")
    allow: list[str] | None = Field(None, description="The only experts to choose from.")
    deny: list[str] | None = Field(None, description="Experts not to choose from.")
    gates: dict[str, float] | None = Field(None, description="By hand: any numbers, or `base` alone at 1.")
    floor: float | None = Field(None, ge=0, le=1, description="With `soft`: less probable experts are left out.")
    top_k: int | None = Field(None, ge=1, description="With `soft`: as many experts answer at most.")
    agent: Agent | None = None
    prior: dict[str, Weight] | None = Field(
        None, description="Multiplies the probabilities; experts that are not named count 1, 0 leaves one out."
    )
    sticky: float | None = Field(
        None, ge=0, le=1, description="With `top1`: a conversation's expert stays until another is likelier by more."
    )


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
    agent = routing.agent
    return Wishes(
        mode=mode,
        temperature=routing.temperature,
        allow=None if routing.allow is None else tuple(routing.allow),
        deny=tuple(routing.deny or ()),
        gates=routing.gates,
        floor=routing.floor,
        top_k=routing.top_k,
        agent=None if agent is None else AgentChoice(agent.expert, agent.confidence),
        prior=routing.prior,
        sticky=routing.sticky,
    )
