"""One real server for all the tests that need one, `molora serve` on the demo deployment; and the demo's head."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from openai import DefaultHttpxClient, OpenAI
from rich.console import Console

from molora.benchmarks import serving
from molora.router.head import Head, load_head

ROOT = Path(__file__).parent.parent
DEMO = ROOT / "configs" / "demo.yaml"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[serving.ServerProcess]:
    log = tmp_path_factory.mktemp("server") / "molora.log"
    with serving.running(serving.molora_command(DEMO), log, Console(quiet=True)) as running:
        yield running


@pytest.fixture(scope="session")
def server_url(server: serving.ServerProcess) -> str:
    """The root of the server's routes, without a slash at its end."""
    return server.url


@pytest.fixture(scope="session")
def client(server_url: str) -> Iterator[OpenAI]:
    """The official SDK; no proxy of the environment stands between."""
    with DefaultHttpxClient(trust_env=False) as http:
        yield OpenAI(base_url=f"{server_url}/v1", api_key="none", http_client=http, max_retries=0, timeout=600)


@pytest.fixture(scope="session")
def demo_head() -> Head:
    return load_head(ROOT / "molora" / "router" / "demo" / "head.safetensors")
