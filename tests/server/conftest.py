"""The application over fakes, called in process."""

from collections.abc import AsyncIterator
from pathlib import Path

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


@pytest.fixture(scope="session")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Real adapters by the word that they answer; training them takes a while."""
    from tests.adapters.secrets import make_secrets

    return make_secrets(tmp_path_factory.mktemp("secrets"))


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
