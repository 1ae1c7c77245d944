"""The application over fakes, called in process."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from molora.server.app import create_app
from tests.server.fakes import FakeEngine, FakeRouter, calling, make_config


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
