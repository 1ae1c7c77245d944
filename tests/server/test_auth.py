"""Every path is closed to whoever has no key, but for those that are open by name."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from molora.config import AccessConfig
from molora.server.app import create_app
from molora.server.keys import ADMIN_KEYS, API_KEYS
from tests.server.fakes import FakeEngine, FakeRouter, calling, make_config

ANN = {"authorization": "Bearer ann's key"}
CLOSED = (
    "/v1/chat/completions",
    "/v1/route",
    "/v1/models",
    "/metrics",
    "/openapi.json",
    "/",
    "/nowhere",
    "/live/",
    "//live",
    "/LIVE",
)
WRONG: list[dict[str, str]] = [
    {},
    {"authorization": ""},
    {"authorization": "Bearer"},
    {"authorization": "Bearer ann"},
    {"authorization": "Bearer ann:ann's key"},
    {"authorization": "ann's key"},
    {"authorization": "Basic ann's key"},
    {"authorization": "Bearer an administrator's"},
    {"x-api-key": "ann's key"},
    {"x-admin-key": "an administrator's"},
]


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(API_KEYS, "ann:ann's key,bob's key")
    monkeypatch.setenv(ADMIN_KEYS, "an administrator's")


@pytest.fixture
async def closed(engine: FakeEngine, router: FakeRouter) -> AsyncIterator[httpx.AsyncClient]:
    async with calling(create_app(make_config(), engine, router)) as client:
        yield client


def check_refused(response: httpx.Response) -> None:
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    error = response.json()["error"]
    assert (error["type"], error["code"]) == ("authentication_error", "invalid_api_key")


@pytest.mark.parametrize("path", CLOSED)
async def test_no_path_is_open_without_a_key(closed: httpx.AsyncClient, path: str) -> None:
    for method in ("GET", "POST", "DELETE", "OPTIONS"):
        check_refused(await closed.request(method, f"http://molora{path}"))


@pytest.mark.parametrize("headers", WRONG)
async def test_another_key_is_refused(closed: httpx.AsyncClient, headers: dict[str, str]) -> None:
    check_refused(await closed.get("/v1/models", headers=headers))


@pytest.mark.parametrize("value", ["Bearer ann's key", "bearer  ann's key ", "BEARER bob's key"])
async def test_a_right_key_is_served(closed: httpx.AsyncClient, value: str) -> None:
    headers = {"authorization": value}
    assert (await closed.get("/v1/models", headers=headers)).status_code == 200
    assert (await closed.get("/metrics", headers=headers)).status_code == 200
    assert (await closed.get("/nowhere", headers=headers)).status_code == 404


async def test_the_probes_are_open(closed: httpx.AsyncClient) -> None:
    for path in ("/live", "/ready"):
        assert (await closed.get(path)).status_code == 200


@pytest.mark.parametrize("host", ["molora", "molora/live?", "/live", "molora/v1/experts/"])
async def test_no_host_header_opens_a_path(closed: httpx.AsyncClient, host: str) -> None:
    check_refused(await closed.get("/v1/models", headers={"host": host}))


async def test_administration_wants_an_administrators_key(closed: httpx.AsyncClient) -> None:
    for path in ("/v1/experts", "/v1/experts/spatial"):
        assert (await closed.get(path, headers=ANN)).status_code == 401
        assert (await closed.get(path, headers={"x-admin-key": "ann's key"})).status_code == 401
        assert (await closed.get(path, headers={"x-admin-key": "an administrator's"})).status_code == 200


async def test_metrics_may_be_open(engine: FakeEngine, router: FakeRouter) -> None:
    config = make_config(access=AccessConfig(open_metrics=True))
    async with calling(create_app(config, engine, router)) as http:
        assert (await http.get("/metrics")).status_code == 200
        check_refused(await http.get("/v1/models"))


async def test_the_engine_is_not_asked_without_a_key(closed: httpx.AsyncClient, engine: FakeEngine) -> None:
    body: dict[str, Any] = {"model": "auto", "messages": [{"role": "user", "content": "who?"}]}
    check_refused(await closed.post("/v1/chat/completions", json=body))
    assert not engine.asked
    assert (await closed.post("/v1/chat/completions", json=body, headers=ANN)).status_code == 200


async def test_without_any_key_all_are_served(
    engine: FakeEngine, router: FakeRouter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(API_KEYS)
    async with calling(create_app(make_config(), engine, router)) as http:
        assert (await http.get("/v1/models")).status_code == 200
