"""`/live`: the process runs. `/ready`: it can answer."""

from fastapi import APIRouter

from molora.server.core import Core


def health_routes(core: Core) -> APIRouter:
    api = APIRouter()

    @api.get("/live")
    async def live() -> dict[str, str]:
        return {"status": "live"}

    @api.get("/ready")
    async def ready() -> dict[str, str]:
        await core.engine.check_health()
        return {"status": "ready"}

    return api
