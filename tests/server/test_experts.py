"""Experts come and go over a hand-written engine and router; the store and the adapters are real."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from molora.adapters.check import digest_of
from molora.config import StoreConfig
from molora.errors import BadRequest, ConfigError, MoloraError, Unavailable
from molora.server.app import create_app
from molora.server.keys import ADMIN_KEYS
from tests.adapters.faulty import FAULTS, config, make_good, put
from tests.server.administration import ADMIN, KEY, PATH, archive, files, form
from tests.server.fakes import FakeEngine, FakeRouter, calling, make_config

B = "base_model.model.model.language_model.layers.0.self_attn.q_proj.lora_B.weight"


@dataclass
class Server:
    """A server with a store, and what is behind it."""

    http: httpx.AsyncClient
    engine: FakeEngine
    router: FakeRouter
    store: Path

    async def add(self, name: str, folder: Path, status: int = 201, **fields: Any) -> dict[str, Any]:
        response = await self.http.post(PATH, **form(name, files(folder), **fields))
        assert response.status_code == status, response.text
        body: dict[str, Any] = response.json()
        return body

    async def listed(self) -> list[dict[str, Any]]:
        data: list[dict[str, Any]] = (await self.http.get(PATH, headers=ADMIN)).json()["data"]
        return data

    async def models(self) -> list[str]:
        return [card["id"] for card in (await self.http.get("/v1/models")).json()["data"]]

    async def state(self) -> tuple[Any, ...]:
        """All that a failed change must leave as it was."""
        disk = sorted(str(path.relative_to(self.store)) for path in self.store.rglob("*"))
        return await self.listed(), await self.models(), dict(self.engine.held), list(self.router.experts), disk

    async def settle(self) -> None:
        """Until everything that leaves has left."""
        async with asyncio.timeout(10):
            while len(self.engine.held) > (num := len(self.engine.named)) or len(self.kept()) > num - 2:  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    def kept(self) -> list[str]:
        """Digests of the adapters on disk."""
        return [path.name for path in (self.store / "adapters").iterdir()]


def make_app(engine: FakeEngine, router: FakeRouter, store: Path, **limits: Any) -> FastAPI:
    section = StoreConfig(folder=store, reference_gib=0, **limits)
    return create_app(make_config(store=section), engine, router)


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ADMIN_KEYS, f"another one, {KEY}")


@pytest.fixture
async def server(engine: FakeEngine, router: FakeRouter, tmp_path: Path) -> AsyncIterator[Server]:
    shared = tmp_path / "shared"
    make_good(shared / "charts")
    (shared / "linked").symlink_to(shared / "charts")
    app = make_app(engine, router, tmp_path / "store", max_experts=3, max_upload_mib=1, imports=shared)
    async with calling(app) as http:
        yield Server(http, engine, router, tmp_path / "store")


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return make_good(tmp_path / "good")


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """Other weights."""
    folder = make_good(tmp_path / "other")
    put(B, lambda b: b * 2)(folder)
    return folder


async def test_a_new_expert_is_listed_routed_and_asked(server: Server, good: Path) -> None:
    card = await server.add("charts", good, examples=json.dumps(["What is the tallest bar?"]))
    assert (card["id"], card["state"], card["verified"], card["routed_by"]) == ("charts", "ready", "moves", "examples")
    assert card["digest"] == f"sha256:{digest_of(good)}"
    assert (card["rank"], card["modules"]["q_proj"]) == (16, 5)
    assert card["bytes"] == sum(len(content) for _, (_, content) in files(good))
    assert await server.models() == ["auto", "base", "spatial", "social", "charts"]
    assert server.router.experts == ["spatial", "social", "charts"]
    body = {"model": "charts", "messages": [{"role": "user", "content": "?"}]}
    assert (await server.http.post("/v1/chat/completions", json=body)).json()["model"] == "charts"
    kept = server.store / "adapters" / digest_of(good)
    assert server.engine.named["charts"].adapter.folder == kept
    assert digest_of(kept) == digest_of(good)
    (read,) = [one for one in await server.listed() if one["id"] == "charts"]
    assert read["last_used"] > 0
    assert read == (await server.http.get(f"{PATH}/charts", headers=ADMIN)).json()


async def test_an_expert_comes_as_an_archive_or_from_the_shared_folder(server: Server, good: Path) -> None:
    response = await server.http.post(PATH, **form("packed", archive(good, "top/")))
    assert response.status_code == 201, response.text
    response = await server.http.post(PATH, **form("shared", [("folder", (None, b"charts"))]))
    assert response.status_code == 201, response.text
    assert await server.models() == ["auto", "base", "spatial", "social", "packed", "shared"]


async def test_the_same_weights_again_are_no_work(server: Server, good: Path) -> None:
    first = await server.add("charts", good)
    again = await server.add("charts", good, 200)
    assert again["version"] == first["version"]
    assert len(server.engine.held) == 3


async def test_the_same_weights_again_replace_lost_files(server: Server, good: Path) -> None:
    await server.add("charts", good)
    kept = server.store / "adapters" / digest_of(good)
    shutil.rmtree(kept)
    await server.add("charts", good, 200)
    assert digest_of(kept) == kept.name


async def test_the_same_weights_may_be_described_anew(server: Server, good: Path) -> None:
    await server.add("charts", good)
    card = await server.add("charts", good, 200, description="Bars and lines.")
    assert card["description"] == "Bars and lines."
    assert "Bars and lines." in (server.store / "experts.json").read_text()


async def test_other_weights_under_a_name_in_use_are_refused_unless_they_replace(
    server: Server, good: Path, other: Path
) -> None:
    first = await server.add("charts", good)
    before = await server.state()
    refused = await server.add("charts", other, 409)
    assert "replace=true" in refused["error"]["message"]
    assert await server.state() == before
    second = await server.add("charts", other, replace="true")
    assert second["version"] > first["version"]
    assert second["digest"] == f"sha256:{digest_of(other)}"
    await server.settle()
    assert sorted(version.number for version in server.engine.held.values()) == [1, 2, second["version"]]
    assert server.kept() == [digest_of(other)]


async def test_a_replaced_version_is_freed_when_its_last_request_has_ended(
    server: Server, good: Path, other: Path
) -> None:
    first = await server.add("charts", good)
    server.engine.busy[first["version"]] = asyncio.Event()
    second = await server.add("charts", other, replace="true")
    second = (await server.http.get(f"{PATH}/charts", headers=ADMIN)).json()
    assert second["draining"] == [{"version": first["version"], "requests_in_flight": 1}]
    assert first["version"] in server.engine.held
    assert len(server.kept()) == 2
    server.engine.busy[first["version"]].set()
    await server.settle()
    assert first["version"] not in server.engine.held
    assert len(server.kept()) == 1


async def test_what_drains_has_its_place_in_memory_until_it_is_gone(server: Server, good: Path, other: Path) -> None:
    for name in ("charts", "maps", "signs"):
        last = await server.add(name, good)
    server.engine.busy[last["version"]] = asyncio.Event()
    await server.add("signs", other, replace="true")
    before = await server.state()
    response = await server.http.post(PATH, **form("maps", files(other), replace="true"))
    assert (response.status_code, response.headers["retry-after"]) == (503, "1")
    assert await server.state() == before
    server.engine.busy[last["version"]].set()
    await server.settle()
    await server.add("maps", other, replace="true")


async def test_a_removed_expert_answers_nobody_else(server: Server, good: Path) -> None:
    before = await server.state()
    card = await server.add("charts", good)
    server.engine.busy[card["version"]] = asyncio.Event()
    response = await server.http.delete(f"{PATH}/charts", headers=ADMIN)
    assert response.json() == {"id": "charts", "object": "expert", "deleted": True}
    assert (await server.http.get(f"{PATH}/charts", headers=ADMIN)).json()["state"] == "draining"
    body = {"model": "charts", "messages": [{"role": "user", "content": "?"}]}
    assert (await server.http.post("/v1/chat/completions", json=body)).status_code == 404
    assert server.router.experts == ["spatial", "social"]
    server.engine.busy[card["version"]].set()
    await server.settle()
    await asyncio.sleep(0.05)
    *rest, disk = await server.state()
    assert rest == list(before[:-1])
    assert disk == ["adapters", "experts.json", "incoming", "lock"]


TOO_LARGE = {"config huge": 413, "a saved module": 413}
"""For this server's limit."""


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_faulty_adapter_is_refused_and_nothing_is_left_of_it(server: Server, good: Path, fault: str) -> None:
    before = await server.state()
    FAULTS[fault].edit(good)
    reason = (await server.add("charts", good, TOO_LARGE.get(fault, 400)))["error"]
    if fault not in TOO_LARGE:
        assert FAULTS[fault].phrase in reason["message"]
    assert str(good) not in reason["message"]
    assert await server.state() == before


Break = Callable[[Server, pytest.MonkeyPatch], None]


def refuse_load(server: Server, _: pytest.MonkeyPatch) -> None:
    server.engine.refusal = BadRequest("the engine refuses it", param="files")


def change_nothing(server: Server, _: pytest.MonkeyPatch) -> None:
    server.engine.still = True


def fail_router(server: Server, _: pytest.MonkeyPatch) -> None:
    server.router.failure = Unavailable("the router has stopped")


def fill_disk(_: Server, patch: pytest.MonkeyPatch) -> None:
    def write(*_: Any) -> None:
        raise MoloraError("the store cannot be written", status=507)

    patch.setattr("molora.adapters.store.Store.write", write)


STATUS: dict[Break, int] = {refuse_load: 400, change_nothing: 400, fail_router: 503, fill_disk: 507}


@pytest.fixture(params=["coming", "replacing"])
async def beginning(server: Server, good: Path, request: pytest.FixtureRequest) -> None:
    if request.param == "replacing":
        await server.add("charts", good)


@pytest.mark.parametrize("broken", STATUS)
@pytest.mark.usefixtures("beginning")
async def test_whatever_fails_on_the_way_is_undone(
    server: Server, other: Path, broken: Break, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await server.state()
    broken(server, monkeypatch)
    await server.add("charts", other, STATUS[broken], replace="true")
    assert await server.state() == before
    told = (await server.http.get("/metrics")).text
    assert 'molora_adapter_failed_loads_total{state="loading"} 1.0' in told


async def test_experts_of_the_configuration_cannot_be_changed(server: Server, good: Path, other: Path) -> None:
    before = await server.state()
    for folder in (good, other):
        for replaces in ("true", "false"):
            refused = await server.add("spatial", folder, 409, replace=replaces, description="Mine now.")
            assert "belongs to the configuration" in refused["error"]["message"]
    assert (await server.http.delete(f"{PATH}/spatial", headers=ADMIN)).status_code == 409
    assert await server.state() == before


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_an_expert_that_does_not_exist_is_not_found(server: Server, method: str) -> None:
    response = await server.http.request(method, f"{PATH}/nobody", headers=ADMIN)
    assert response.status_code == 404
    assert response.json()["error"]["code"] == "expert_not_found"


NAMES = ["", ".", "..", "../charts", "a/b", "a\\b", "nul\0byte", "x" * 65, "n" * 10_000, "-dash", "sp ace", "é"]


@pytest.mark.parametrize("name", [*NAMES, "auto", "base"])
async def test_a_bad_name_is_refused(server: Server, good: Path, name: str) -> None:
    before = await server.state()
    error = (await server.add(name, good, 400))["error"]
    assert error["param"] == "name"
    assert len(error["message"]) < 500
    assert await server.state() == before


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"description": None}, "description"),
        ({"description": ""}, "description"),
        ({"color": "red"}, "color"),
        ({"examples": "[1"}, "examples"),
        ({"examples": '["ok", 3]'}, "examples.1"),
        ({"defaults": "no"}, "defaults"),
        ({"defaults": '{"messages": []}'}, "defaults.messages"),
        ({"response_schema": "[]"}, "response_schema"),
        ({"response_schema": '{"title": NaN}'}, "response_schema"),
        ({"response_schema": '{"title": "\\ud800"}'}, "response_schema"),
        ({"defaults": '{"temperature": 1e999}'}, "defaults"),
        ({"replace": "perhaps"}, "replace"),
    ],
)
async def test_a_bad_field_is_named(server: Server, good: Path, fields: dict[str, Any], param: str) -> None:
    before = await server.state()
    assert (await server.add("charts", good, 400, **fields))["error"]["param"] == param
    assert await server.state() == before


async def test_an_adapter_comes_in_one_way(server: Server, good: Path) -> None:
    for parts in ([], [*files(good), *archive(good)], [*files(good), ("folder", (None, b"charts"))]):
        response = await server.http.post(PATH, **form("charts", parts or [("unknown", ("x", b"x"))]))
        assert response.status_code == 400


@pytest.mark.parametrize("folder", ["nowhere", "..", "../store", "linked"])
async def test_only_folders_of_the_shared_one_are_imported(server: Server, folder: str) -> None:
    response = await server.http.post(PATH, **form("charts", [("folder", (None, folder.encode()))]))
    assert response.status_code == 400
    assert response.json()["error"]["param"] == "folder"


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data", "multipart/form-data; boundary=x"])
async def test_what_is_no_form_is_refused(server: Server, kind: str) -> None:
    response = await server.http.post(PATH, content=b'{"name": "x"}', headers=ADMIN | {"content-type": kind})
    assert response.status_code == 400
    assert response.json()["error"]["type"] == "invalid_request_error"


async def test_too_large_an_upload_is_refused_before_it_is_read(server: Server, good: Path) -> None:
    before = await server.state()
    (good / "notes.md").write_bytes(b"x" * 2**20)
    assert "bytes" in (await server.add("charts", good, 413))["error"]["message"]
    response = await server.http.post(PATH, headers={**ADMIN, "content-length": str(2**40)}, content=b"")
    assert response.status_code == 413
    assert await server.state() == before


async def test_the_store_has_a_limit(server: Server, tmp_path: Path) -> None:
    for number in range(3):
        folder = make_good(tmp_path / f"number{number}")
        config(lora_alpha=number + 1)(folder)
        await server.add(f"number{number}", folder)
    folder = make_good(tmp_path / "last")
    assert "3 experts" in (await server.add("last", folder, 409))["error"]["message"]
    await server.add("number0", folder, replace="true")


async def test_everything_is_there_again_after_a_restart(
    engine: FakeEngine, router: FakeRouter, tmp_path: Path, good: Path
) -> None:
    async with calling(make_app(engine, router, tmp_path / "store")) as http:
        before = await Server(http, engine, router, tmp_path / "store").add("charts", good, system_prompt="Look.")
    again = FakeEngine()
    async with calling(make_app(again, FakeRouter(), tmp_path / "store")) as http:
        (card,) = (await http.get(PATH, headers=ADMIN)).json()["data"][2:]
        assert card == before | {"verified": "weights", "version": card["version"]}
        assert list(again.named) == ["spatial", "social", "charts"]


async def test_an_expert_whose_files_changed_does_not_answer(
    engine: FakeEngine, router: FakeRouter, tmp_path: Path, good: Path, other: Path
) -> None:
    async with calling(make_app(engine, router, tmp_path / "store")) as http:
        await Server(http, engine, router, tmp_path / "store").add("charts", good)
    weights = tmp_path / "store" / "adapters" / digest_of(good) / "adapter_model.safetensors"
    weights.chmod(0o600)
    weights.write_bytes((other / weights.name).read_bytes())
    async with calling(make_app(FakeEngine(), again := FakeRouter(), tmp_path / "store")) as http:
        server = Server(http, FakeEngine(), again, tmp_path / "store")
        (card,) = (await server.listed())[2:]
        assert (card["id"], card["state"], card["error"]) == ("charts", "failed", "its files in the store have changed")
        assert await server.models() == ["auto", "base", "spatial", "social"]
        assert again.experts == ["spatial", "social"]
        await server.add("charts", good)
        assert (await server.listed())[2]["state"] == "ready"
        assert digest_of(weights.parent) == digest_of(good)


async def test_two_servers_cannot_share_a_store(server: Server) -> None:
    app = make_app(FakeEngine(), FakeRouter(), server.store)
    with pytest.raises(ConfigError, match="another server"):
        async with calling(app):
            pass


async def test_a_server_without_a_store_only_lists(http: httpx.AsyncClient, good: Path) -> None:
    assert len((await http.get(PATH, headers=ADMIN)).json()["data"]) == 2
    response = await http.post(PATH, **form("charts", files(good)))
    assert (response.status_code, response.json()["error"]["type"]) == (409, "invalid_request_error")


async def test_only_an_administrator_may(server: Server, good: Path) -> None:
    for headers in ({}, {"x-admin-key": ""}, {"x-admin-key": KEY + "x"}, {"authorization": f"Bearer {KEY}"}):
        for call in (
            server.http.get(PATH, headers=headers),
            server.http.post(PATH, **form("charts", files(good)) | {"headers": headers}),
            server.http.delete(f"{PATH}/spatial", headers=headers),
        ):
            response = await call
            assert (response.status_code, response.json()["error"]["type"]) == (401, "authentication_error")
    assert (await server.http.get(PATH, headers={"x-admin-key": "another one"})).status_code == 200


async def test_without_keys_administration_is_closed(
    engine: FakeEngine, router: FakeRouter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(ADMIN_KEYS)
    async with calling(make_app(engine, router, tmp_path / "store")) as http:
        for headers in ({}, {"x-admin-key": ""}, ADMIN):
            assert (await http.get(PATH, headers=headers)).status_code == 403


async def test_keys_may_come_from_a_file(
    engine: FakeEngine, router: FakeRouter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"{ADMIN_KEYS}_FILE", str(tmp_path / "keys"))
    with pytest.raises(ConfigError, match="cannot be read"):
        make_app(engine, router, tmp_path / "store")
    (tmp_path / "keys").write_text("from a file\n\n")
    async with calling(make_app(engine, router, tmp_path / "store")) as http:
        assert (await http.get(PATH, headers={"x-admin-key": "from a file"})).status_code == 200


async def test_administration_may_have_a_port_of_its_own(engine: FakeEngine, router: FakeRouter) -> None:
    app = create_app(make_config(port=8000, admin_port=8001), engine, router)
    async with app.router.lifespan_context(app):
        for port, status in ((8000, 404), (8001, 200)):
            url = f"http://molora:{port}"
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=url) as http:
                assert (await http.get(PATH, headers={**ADMIN, "host": "molora:8001"})).status_code == status


async def test_an_expert_is_asked_with_its_prompt_its_defaults_and_its_schema(server: Server, good: Path) -> None:
    schema = {"type": "object", "properties": {"bar": {"type": "string"}}}
    await server.add(
        "charts",
        good,
        system_prompt="Read charts.",
        defaults=json.dumps({"max_tokens": 7, "temperature": 0.5}),
        response_schema=json.dumps(schema),
    )
    body = {"model": "charts", "messages": [{"role": "user", "content": "?"}], "temperature": 0, "stop": None}
    await server.http.post("/v1/chat/completions", json=body)
    request, messages = server.engine.requests[-1], server.engine.asked[-1][1]
    assert (request["max_tokens"], request["temperature"]) == (7, 0)
    assert request["response_format"]["json_schema"]["schema"] == schema
    assert messages[0] == {"role": "system", "content": "Read charts."}
    plain = {"type": "text"}
    await server.http.post("/v1/chat/completions", json=body | {"response_format": plain, "max_tokens": 1})
    request = server.engine.requests[-1]
    assert (request["max_tokens"], request["response_format"]) == (1, plain)


async def test_metrics_tell_loads_and_slots(server: Server, good: Path) -> None:
    await server.add("charts", good)
    told = (await server.http.get("/metrics")).text
    assert "molora_adapter_load_seconds_count 1.0" in told
    assert "molora_adapters_in_memory 3.0" in told
    assert "molora_adapters_resident 2.0" in told
    assert "molora_adapter_evictions_total 3.0" in told
