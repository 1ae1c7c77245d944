"""An engine that dies or falls silent is noticed, ended, replaced or given up; one that works is left alone."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from molora.adapters.check import digest_of
from molora.config import HealthConfig, StoreConfig
from molora.engine.interface import Adapter, Version
from molora.errors import AdapterRefused, ConfigError
from molora.server import watch
from molora.server.app import create_app
from molora.server.core import Core
from molora.server.keys import ADMIN_KEYS
from tests.adapters.faulty import make_good
from tests.server.administration import ADMIN, KEY, PATH, files, form
from tests.server.fakes import FakeEngine, FakeRouter, calling, make_config

CHAT = "/v1/chat/completions"
BODY = {"model": "auto", "messages": [{"role": "user", "content": "who?"}]}


@dataclass
class Ailing(FakeEngine):
    """Starts anew as often as `starts` says, and refuses the adapters in `refused`."""

    starts: int = 100
    refused: tuple[str, ...] = ()
    starting: asyncio.Event = field(default_factory=asyncio.Event)
    """Set where a start may come to its end."""

    async def start(self) -> None:
        if self.num_starts:
            await self.starting.wait()
        if self.num_starts >= self.starts:
            raise ConfigError("no memory is left")
        await super().start()

    async def load(self, adapter: Adapter) -> Version:
        if adapter.expert in self.refused and self.num_starts > 1:
            raise AdapterRefused("its files are gone")
        return await super().load(adapter)


@pytest.fixture
def engine() -> Ailing:
    return Ailing()


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "TICK_S", 0.01)


@dataclass
class Served:
    core: Core
    http: httpx.AsyncClient

    async def status(self, path: str = "/ready") -> int:
        return (await self.http.get(path)).status_code

    async def ask(self, **options: Any) -> httpx.Response:
        return await self.http.post(CHAT, json=BODY | options)


@asynccontextmanager
async def serving(engine: FakeEngine, **changes: Any) -> AsyncIterator[Served]:
    health = {"canary_s": 0.05, "stalled_s": 0.1, "failed_s": 0.2} | changes.pop("health", {})
    app = create_app(make_config(health=HealthConfig(**health), **changes), engine, FakeRouter())
    async with calling(app) as http:
        yield Served(app.state.core, http)


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not is_so():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def test_an_idle_engine_is_asked_for_a_token_and_stays(engine: Ailing) -> None:
    async with serving(engine) as served:
        await until(lambda: engine.num_steps > 5)
        assert await served.status() == 200
        assert engine.num_starts == 1


async def test_an_engine_that_makes_steps_is_not_asked(engine: Ailing) -> None:
    async with serving(engine, health={"canary_s": 5.0, "stalled_s": 10.0, "failed_s": 10.0}) as served:
        await asyncio.sleep(0.1)
        assert engine.num_steps == 0
        assert await served.status() == 200


async def test_a_silent_engine_is_not_ready_and_comes_back(engine: Ailing) -> None:
    async with serving(engine, health={"failed_s": 100.0}) as served:
        engine.stopped = True
        await until(lambda: served.core.health.engine == "stalled")
        assert (await served.status(), await served.status("/live")) == (503, 200)
        refusal = await served.ask()
        assert (refusal.status_code, refusal.json()["error"]["type"]) == (503, "service_unavailable")
        assert int(refusal.headers["retry-after"]) > 0
        assert not engine.asked
        engine.stopped, engine.num_steps = False, engine.num_steps + 1
        await until(lambda: served.core.health.engine == "ready")
        assert (await served.ask()).status_code == 200
        assert engine.num_starts == 1


@pytest.mark.parametrize("failure", ["died", "fell silent"])
async def test_a_failed_engine_is_replaced_by_one_with_all_experts(engine: Ailing, failure: str) -> None:
    async with serving(engine) as served:
        engine.healthy, engine.stopped = failure != "died", failure != "died"
        await until(lambda: served.core.health.engine == "failed")
        assert await served.status() == 503
        assert (await served.ask(model="base")).status_code == 503
        engine.starting.set()
        await until(lambda: served.core.health.engine == "ready")
        assert (await served.ask()).json()["model"] == "social"
        assert (engine.num_starts, set(engine.named)) == (2, {"spatial", "social"})
        metrics = (await served.http.get("/metrics")).text
        assert f'molora_engine_failures_total{{failure="{failure}"}} 1.0' in metrics


async def test_experts_of_the_store_come_back_too(
    engine: Ailing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ADMIN_KEYS, KEY)
    good = make_good(tmp_path / "good")
    async with serving(engine, store=StoreConfig(folder=tmp_path / "store", reference_gib=0)) as served:
        assert (await served.http.post(PATH, **form("door", files(good)))).status_code == 201
        engine.healthy = False
        await until(lambda: served.core.health.engine == "failed")
        assert (await served.http.post(PATH, **form("window", files(good)))).status_code == 503
        engine.starting.set()
        await until(lambda: served.core.health.engine == "ready")
        card = (await served.http.get(f"{PATH}/door", headers=ADMIN)).json()
        assert (card["state"], card["digest"]) == ("ready", f"sha256:{digest_of(good)}")
        assert (await served.ask(model="door")).json()["model"] == "door"


async def test_an_expert_that_the_new_engine_refuses_has_failed_alone(
    engine: Ailing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ADMIN_KEYS, KEY)
    async with serving(engine) as served:
        engine.refused = ("social",)
        engine.starting.set()
        engine.healthy = False
        await until(lambda: served.core.health.engine == "ready" and engine.num_starts == 2)
        assert (await served.ask()).json()["model"] == "spatial"
        assert (await served.ask(model="social")).status_code == 404
        card = (await served.http.get(f"{PATH}/social", headers=ADMIN)).json()
        assert (card["state"], card["error"]) == ("failed", "its files are gone")


@pytest.mark.parametrize(
    ("health", "starts"), [({"on_failure": "exit"}, 100), ({"max_restarts": 2}, 100), ({}, 1)], ids=str
)
async def test_an_engine_that_cannot_be_replaced_is_given_up(health: dict[str, Any], starts: int) -> None:
    engine = Ailing(starts=starts)
    engine.starting.set()
    async with serving(engine, health=health) as served:
        while not served.core.health.leaving.is_set():
            engine.healthy = False
            await asyncio.sleep(0.005)
        assert served.core.health.end is not None
        assert engine.num_starts == {"exit": 1, "2": 3}.get(str(next(iter(health.values()), "")), 1)
        assert (await served.ask()).status_code == 503


async def test_no_expert_changes_while_the_engine_is_replaced(engine: Ailing, tmp_path: Path) -> None:
    async with serving(engine, store=StoreConfig(folder=tmp_path / "store", reference_gib=0)) as served:
        lifecycle = served.core.lifecycle
        assert lifecycle is not None
        async with lifecycle.changing:
            engine.healthy = False
            await until(lambda: served.core.health.engine == "failed")
            engine.starting.set()
            await asyncio.sleep(0.1)
            assert engine.num_starts == 1
        await until(lambda: served.core.health.engine == "ready")
        assert engine.num_starts == 2
