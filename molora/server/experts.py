"""`/v1/experts`: administration of the experts."""

from typing import Any, Literal

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from typing_extensions import TypedDict

from molora.errors import MoloraError, NotFound
from molora.server.auth import ADMIN_PATH, admin_gate
from molora.server.card import ExpertCard, card
from molora.server.core import Core
from molora.server.lifecycle import Lifecycle
from molora.server.openapi import refusals, takes
from molora.server.registry import Expert
from molora.server.upload import ExpertForm, read_upload

EXPERT_PATH = ADMIN_PATH + "/{name}"
LINKS = {
    operation: {"operationId": operation, "parameters": {"name": "$response.body#/id"}}
    for operation in ("read_expert", "remove_expert")
}


class ExpertList(TypedDict):
    object: Literal["list"]
    data: list[ExpertCard]


class Removed(TypedDict):
    id: str
    object: Literal["expert"]
    deleted: Literal[True]


ADDED: dict[int | str, dict[str, Any]] = {
    200: {"model": ExpertCard, "links": LINKS, "description": "The same weights: no work, described anew perhaps."},
    201: {"model": ExpertCard, "links": LINKS, "description": "It answers from now on."},
}


def expert_routes(core: Core) -> APIRouter:
    api = APIRouter(dependencies=[Depends(admin_gate(core.config))], responses=refusals(401, 403, 404, 503))

    @api.get(ADMIN_PATH)
    async def list_experts() -> ExpertList:
        """All experts, those that are coming and those that failed too."""
        now = await core.engine.residency()
        return {"object": "list", "data": [card(core, expert, now) for expert in core.registry.all()]}

    @api.get(EXPERT_PATH)
    async def read_expert(name: str) -> ExpertCard:
        """One expert."""
        now = await core.engine.residency()
        return card(core, _find(core, name), now)

    @api.post(
        ADMIN_PATH,
        responses=refusals(400, 409, 413, 507) | ADDED,
        openapi_extra=takes("multipart/form-data", ExpertForm),
    )
    async def add_expert(request: Request) -> Response:
        """A new expert, or other weights or words for one that there is."""
        lifecycle = _lifecycle(core)
        core.health.check()
        async with read_upload(request, lifecycle.limits) as wanted:
            expert, is_new = await lifecycle.add(wanted)
        return JSONResponse(card(core, expert, await core.engine.residency()), status_code=201 if is_new else 200)

    @api.delete(EXPERT_PATH, responses=refusals(409, 507))
    async def remove_expert(name: str) -> Removed:
        """It answers no further request; those in flight end."""
        await _lifecycle(core).remove(name)
        return {"id": name, "object": "expert", "deleted": True}

    return api


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
