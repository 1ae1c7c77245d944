"""Only our own routes, errors in one form, start and stop in the lifespan."""

import httpx
import pytest
from fastapi import FastAPI

from molora.adapters.check import digest_of
from molora.errors import ConfigError
from molora.server.app import create_app
from tests.server.fakes import WEIGHTS, FakeEngine, FakeRouter, make_config

OPEN = {"/v1/chat/completions", "/v1/route", "/v1/models", "/live", "/ready", "/metrics", "/openapi.json"}
ADMINISTRATION = {"/v1/experts", "/v1/experts/{name}"}
VLLMS = ("/pause", "/invocations", "/update_weights", "/v1/completions", "/v1/load_lora_adapter", "/sleep", "/docs")


def test_only_our_own_routes_are_mounted(app: FastAPI) -> None:
    assert {route.path for route in app.routes if hasattr(route, "path")} <= OPEN | ADMINISTRATION


@pytest.mark.parametrize("path", [*VLLMS, "/", "/v1/models/", "/v1/chat/completions/", "/v1/models/../../etc/passwd"])
async def test_any_other_route_is_not_found(http: httpx.AsyncClient, path: str) -> None:
    for response in (await http.get(path), await http.post(path, json={})):
        assert response.status_code == 404
        assert response.json()["error"]["type"] == "not_found_error"


@pytest.mark.parametrize("path", sorted(OPEN))
async def test_a_wrong_method_is_refused(http: httpx.AsyncClient, path: str) -> None:
    response = await http.delete(path)
    assert response.status_code == 405
    assert response.headers["allow"] in ("GET", "POST")
    assert response.json()["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize(("path", "methods"), [("/v1/experts", "GET, POST"), ("/v1/experts/spatial", "DELETE, GET")])
async def test_the_methods_of_a_path_are_told_together(http: httpx.AsyncClient, path: str, methods: str) -> None:
    assert (await http.put(path)).headers["allow"] == methods


async def test_the_lifespan_starts_and_stops_both(engine: FakeEngine, router: FakeRouter, app: FastAPI) -> None:
    engine.events = router.events
    async with app.router.lifespan_context(app):
        assert router.events == ["router up", "engine up"]
    assert router.events == ["router up", "engine up", "engine down", "router down"]


async def test_a_failed_start_stops_what_has_started(router: FakeRouter) -> None:
    class Refusing(FakeEngine):
        async def start(self) -> None:
            raise ConfigError("experts.social.adapter: rank 64 is over 16")

    engine = Refusing(events=router.events)
    app = create_app(make_config(), engine, router)
    with pytest.raises(ConfigError, match="rank 64"):
        async with app.router.lifespan_context(app):
            pass
    assert router.events == ["router up", "engine down", "router down"]


async def test_live_and_ready(http: httpx.AsyncClient, engine: FakeEngine) -> None:
    assert (await http.get("/live")).status_code == 200
    assert (await http.get("/ready")).status_code == 200
    engine.healthy = False
    assert (await http.get("/live")).status_code == 200
    response = await http.get("/ready")
    assert response.status_code == 503
    assert response.json()["error"]["type"] == "service_unavailable"


async def test_models_are_auto_base_and_the_experts(http: httpx.AsyncClient) -> None:
    body = (await http.get("/v1/models")).json()
    assert body["object"] == "list"
    assert [card["id"] for card in body["data"]] == ["auto", "base", "spatial", "social"]
    spatial = body["data"][2]
    assert spatial["parent"] == "base"
    assert spatial["digest"] == f"sha256:{digest_of(WEIGHTS / 'spatial')}"
    assert spatial["state"] == "ready"
    assert spatial["routed_by"] == "head"
    assert spatial["description"] == "Where."
