"""`/v1/experts`: administration of the experts."""

from collections import Counter
from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from molora.engine.interface import Residency
from molora.errors import MoloraError, NotFound
from molora.server.auth import ADMIN_PATH, admin_gate
from molora.server.core import Core
from molora.server.lifecycle import Lifecycle
from molora.server.registry import Expert
from molora.server.upload import read_upload


def expert_routes(core: Core) -> APIRouter:
    api = APIRouter(dependencies=[Depends(admin_gate(core.config))])

    @api.get(ADMIN_PATH)
    async def list_experts() -> dict[str, Any]:
        now = await core.engine.residency()
        return {"object": "list", "data": [card(core, expert, now) for expert in core.registry.all()]}

    @api.get(ADMIN_PATH + "/{name}")
    async def read_expert(name: str) -> dict[str, Any]:
        now = await core.engine.residency()
        return card(core, _find(core, name), now)

    @api.post(ADMIN_PATH)
    async def add_expert(request: Request) -> Response:
        lifecycle = _lifecycle(core)
        core.health.check()
        async with read_upload(request, lifecycle.limits) as wanted:
            expert, is_new = await lifecycle.add(wanted)
        return JSONResponse(card(core, expert, await core.engine.residency()), status_code=201 if is_new else 200)

    @api.delete(ADMIN_PATH + "/{name}")
    async def remove_expert(name: str) -> dict[str, Any]:
        await _lifecycle(core).remove(name)
        return {"id": name, "object": "expert", "deleted": True}

    return api


def card(core: Core, expert: Expert, now: Residency) -> dict[str, Any]:
    """`requests_in_flight` and `resident` are of the version that answers; `draining` lists those before it."""
    checked, number = expert.checked, expert.version.number if expert.version else None
    return {
        "id": expert.name,
        "object": "expert",
        "state": expert.state,
        "error": expert.error,
        "origin": expert.origin,
        **expert.profile.model_dump(exclude={"adapter", "digest"}),
        "digest": expert.digest and f"sha256:{expert.digest}",
        "version": number,
        "rank": checked and checked.rank,
        "modules": checked and _count_modules(checked.modules),
        "bytes": checked and checked.num_bytes,
        "verified": expert.verified,
        "routed_by": core.router.routed_by(expert.name) if expert.state == "ready" else None,
        "resident": number in now.resident,
        "requests_in_flight": core.engine.num_in_flight(expert.version) if expert.version else 0,
        "last_used": core.registry.last_used.get(expert.name),
        "draining": [
            {"version": one.version.number, "requests_in_flight": core.engine.num_in_flight(one.version)}
            for one in core.registry.leaving
            if one.version and one.name == expert.name
        ],
    }


def _count_modules(modules: tuple[str, ...]) -> dict[str, int]:
    """How many of each kind, such as `q_proj`."""
    return dict(sorted(Counter(module.rpartition(".")[2] for module in modules).items()))


def _find(core: Core, name: str) -> Expert:
    expert = core.registry.known(name) or core.registry.coming.get(name)
    expert = expert or next((one for one in core.registry.leaving if one.name == name), None)
    if expert is None:
        raise NotFound(f"the expert '{name}' does not exist", param="name", code="expert_not_found")
    return expert


def _lifecycle(core: Core) -> Lifecycle:
    if core.lifecycle is None:
        raise MoloraError(
            "experts cannot be changed: the configuration has no store", status=409, type="invalid_request_error"
        )
    return core.lifecycle
