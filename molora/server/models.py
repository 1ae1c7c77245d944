"""`GET /v1/models`: what a client may name."""

import time
from typing import Any

from fastapi import APIRouter

from molora.engine.interface import Adapter
from molora.router.query import AUTO, BASE
from molora.server.core import Core


def model_routes(core: Core) -> APIRouter:
    api = APIRouter()
    created = int(time.time())

    @api.get("/v1/models")
    async def list_models() -> dict[str, Any]:
        fixed = [_card(name, created, None) for name in (AUTO, BASE)]
        experts = [_expert_card(core, adapter, created) for adapter in core.engine.adapters.values()]
        return {"object": "list", "data": fixed + experts}

    return api


def _card(name: str, created: int, parent: str | None) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": created, "owned_by": "molora", "parent": parent}


def _expert_card(core: Core, adapter: Adapter, created: int) -> dict[str, Any]:
    return _card(adapter.expert, created, BASE) | {
        "description": core.config.experts[adapter.expert].description,
        "digest": f"sha256:{adapter.digest}",
        "state": adapter.state,
    }
