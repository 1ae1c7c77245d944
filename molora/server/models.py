"""`GET /v1/models`: what a client may name."""

import time
from typing import Any

from fastapi import APIRouter

from molora.router.query import AUTO, BASE
from molora.server.core import Core
from molora.server.registry import Expert


def model_routes(core: Core) -> APIRouter:
    api = APIRouter()
    created = int(time.time())

    @api.get("/v1/models")
    async def list_models() -> dict[str, Any]:
        fixed = [_card(name, created, None) for name in (AUTO, BASE)]
        experts = [_expert_card(core, expert, created) for expert in core.registry.values()]
        return {"object": "list", "data": fixed + experts}

    return api


def _card(name: str, created: int, parent: str | None) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": created, "owned_by": "molora", "parent": parent}


def _expert_card(core: Core, expert: Expert, created: int) -> dict[str, Any]:
    return _card(expert.name, created, BASE) | {
        "description": expert.profile.description,
        "digest": f"sha256:{expert.digest}",
        "state": expert.state,
        "routed_by": core.router.routed_by(expert.name),
    }
