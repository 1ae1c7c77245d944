"""The application over fakes, called in process."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from molora.server.app import create_app
from molora.server.keys import API_KEYS
from tests.server.fakes import FakeEngine, FakeRouter, calling, make_config


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the environment the tests run in."""
    monkeypatch.delenv(API_KEYS, raising=False)
    monkeypatch.delenv(f"{API_KEYS}_FILE", raising=False)


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def router() -> FakeRouter:
    return FakeRouter()


@pytest.fixture
def app(engine: FakeEngine, router: FakeRouter) -> FastAPI:
    return create_app(make_config(), engine, router)


@pytest.fixture
async def http(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with calling(app) as client:
        yield client
