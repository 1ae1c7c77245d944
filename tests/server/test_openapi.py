"""`/openapi.json` is sound, names what is served and nothing else, and is true."""

import re
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from fastapi import FastAPI
from rich.console import Console

from molora.benchmarks.serving import Command, running
from molora.server.app import create_app
from molora.server.keys import ADMIN_KEYS, API_KEYS
from tests.server.administration import KEY
from tests.server.exploring import CLIENT, CLIENT_KEY, explore, read
from tests.server.fakes import FakeEngine, FakeRouter, calling, make_config

PROBES = {"/live", "/ready"}
ADMINISTRATION = {"/v1/experts", "/v1/experts/{name}"}


@pytest.fixture
async def document(http: httpx.AsyncClient) -> Any:
    return (await http.get("/openapi.json")).json()


def test_it_is_openapi(document: Any) -> None:
    schemathesis.openapi.from_dict(document).validate()


def test_it_names_what_is_served_and_nothing_else(app: FastAPI, document: Any) -> None:
    served = {(route.path, method) for route in app.routes for method in route.methods}  # type: ignore[attr-defined]
    told = {(path, method.upper()) for path, methods in document["paths"].items() for method in methods}
    assert told == served


def test_what_it_refers_to_is_in_it(document: Any) -> None:
    referred = set(re.findall(r"'#/components/schemas/(\w+)'", str(document)))
    assert referred == set(document["components"]["schemas"])


def secured(document: Any) -> dict[str, set[str]]:
    """Paths by the key that they want; each of them tells what it answers without."""
    wanted: dict[str, set[str]] = {"": set(), "client": set(), "administrator": set()}
    for path, methods in document["paths"].items():
        for operation in methods.values():
            (scheme,) = [name for one in operation.get("security", [{"": []}]) for name in one]
            assert ("401" in operation["responses"]) == bool(scheme)
            wanted[scheme].add(path)
    return wanted


def test_without_clients_keys_only_administration_wants_one(document: Any) -> None:
    wanted = secured(document)
    assert wanted["administrator"] == ADMINISTRATION
    assert not wanted["client"]


async def test_with_clients_keys_all_but_the_probes_want_one(
    engine: FakeEngine, router: FakeRouter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(API_KEYS, CLIENT_KEY)
    async with calling(create_app(make_config(), engine, router)) as http:
        response = await http.get("/openapi.json", headers=CLIENT)
    wanted = secured(response.json())
    assert wanted[""] == PROBES
    assert wanted["administrator"] == ADMINISTRATION
    assert "/openapi.json" in wanted["client"]


def test_a_server_over_fakes_keeps_its_word(tmp_path: Path, document: Any) -> None:
    arguments = [sys.executable, "-m", "tests.server.served", str(tmp_path / "store"), "{port}"]
    command = Command("molora", arguments, "/ready", {API_KEYS: CLIENT_KEY, ADMIN_KEYS: KEY})
    with running(command, tmp_path / "molora.log", Console(quiet=True)) as server:
        said = explore(server.url, tmp_path)
        loads = re.search(rb"molora_adapter_load_seconds_count (\S+)", read(server.url, "/metrics"))
    assert f"Tested: {sum(map(len, document['paths'].values()))}" in said
    assert loads
    assert float(loads[1]) >= 3


@pytest.mark.engine
def test_a_real_server_keeps_its_word(server_url: str, tmp_path: Path) -> None:
    explore(server_url, tmp_path)
