"""`GET /v1/models`: what a client may name."""

import time
from typing import Literal

from fastapi import APIRouter
from typing_extensions import TypedDict

from molora.router.interface import RoutedBy
from molora.router.query import AUTO, BASE
from molora.server.core import Core
from molora.server.registry import Expert, State


class ModelCard(TypedDict):
    """OpenAI's model object."""

    id: str
    object: Literal["model"]
    created: int
    owned_by: str
    parent: str | None


class ExpertModelCard(ModelCard):
    description: str
    digest: str
    state: State
    routed_by: RoutedBy


class ModelList(TypedDict):
    object: Literal["list"]
    data: list[ExpertModelCard | ModelCard]


def model_routes(core: Core) -> APIRouter:
    api = APIRouter()
    created = int(time.time())

    @api.get("/v1/models")
    async def list_models() -> ModelList:
        """What a client may name: `auto`, `base` and every expert that answers."""
        fixed = [_card(name, created, None) for name in (AUTO, BASE)]
        experts = [_expert_card(core, expert, created) for expert in core.registry.values()]
        return {"object": "list", "data": [*fixed, *experts]}

    return api


def _card(name: str, created: int, parent: str | None) -> ModelCard:
    return {"id": name, "object": "model", "created": created, "owned_by": "molora", "parent": parent}


def _expert_card(core: Core, expert: Expert, created: int) -> ExpertModelCard:
    return {
        **_card(expert.name, created, BASE),
        "description": expert.profile.description,
        "digest": f"sha256:{expert.digest}",
        "state": expert.state,
        "routed_by": core.router.routed_by(expert.name),
    }
