"""schemathesis over a server: does it answer as its own document says, whatever it is asked?"""

import os
import subprocess
from pathlib import Path

import httpx

from molora.benchmarks.serving import script
from tests.server.administration import KEY

SETTINGS = Path(__file__).with_name("schemathesis.toml")
CLIENT_KEY = "a client's key"
CLIENT = {"authorization": f"Bearer {CLIENT_KEY}"}
ENVIRONMENT = {"CLIENT_KEY": CLIENT_KEY, "ADMIN_KEY": KEY, "no_proxy": "127.0.0.1"}


def read(url: str, path: str) -> bytes:
    return httpx.get(url + path, headers=CLIENT, trust_env=False, timeout=120).raise_for_status().content


def explore(url: str, folder: Path, *options: str) -> str:
    """What it said of a server that kept its word; `folder` is for its files."""
    (folder / "openapi.json").write_bytes(read(url, "/openapi.json"))
    command = [script("schemathesis"), "--config-file", str(SETTINGS), "run", "openapi.json", "--url", url, *options]
    done = subprocess.run(
        command, cwd=folder, env=os.environ | ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
