"""The command line: instant help, and one clear line for a deployment that cannot be served."""

import json
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from molora.config import ADAPTER_FILES
from molora.server.cli import main
from tests.conftest import DEMO
from tests.pictures import huge_png


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """The exit code."""
    monkeypatch.setattr(sys, "argv", ["molora", *arguments])
    with pytest.raises(SystemExit) as caught:
        main()
    return int(caught.value.code or 0)


@pytest.fixture
def deployment(tmp_path: Path) -> dict[str, Any]:
    """Complete but for what is in its files."""
    names = ("spatial", "quantity", "physical", "social")
    for name in names:
        (tmp_path / name).mkdir()
        for file in ADAPTER_FILES:
            (tmp_path / name / file).touch()
    (tmp_path / "backbone").mkdir()
    (tmp_path / "head.safetensors").touch()
    return {
        "port": 0,
        "engine": {"model": "./backbone"},
        "experts": {name: {"adapter": name, "description": name} for name in names},
        "router": {"head": "head.safetensors"},
    }


def write(folder: Path, content: dict[str, Any]) -> str:
    path = folder / "molora.yaml"
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    return str(path)


def test_help_imports_neither_torch_nor_vllm() -> None:
    code = "import sys, molora.server.cli; sys.exit(bool({'torch', 'vllm', 'transformers'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_help_names_every_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "--help") == 0
    shown = capsys.readouterr().out
    assert all(command in shown for command in ("serve", "route", "demo", "experts", "router", "adapters", "bench"))


Refuse = Callable[[dict[str, Any]], str]


@pytest.fixture
def refuse(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Refuse:
    """Serves what cannot be served; the one line that says why."""

    def serve(content: dict[str, Any]) -> str:
        assert run(monkeypatch, "serve", "--config", write(tmp_path, content)) == 1
        shown = capsys.readouterr().err
        assert len(shown.splitlines()) == 1
        return shown

    return serve


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"speed": 11}, "unknown key 'speed'"),
        ({"engine": {"model": "./nowhere"}}, "engine.model: no such folder"),
        ({"experts": {"social": {"adapter": "nobody", "description": "x"}}}, "experts.social.adapter: no such folder"),
        ({"router": {"head": "no.safetensors"}}, "router.head: no such file"),
        ({"router": {"head": "head.safetensors"}}, "head.safetensors"),
    ],
)
def test_a_deployment_that_cannot_be_served_is_refused_in_one_line(
    refuse: Refuse, deployment: dict[str, Any], changes: dict[str, Any], named: str
) -> None:
    shown = refuse(deployment | changes)
    assert shown.startswith("molora: ")
    assert named in shown


def test_a_head_for_other_experts_is_refused(refuse: Refuse, deployment: dict[str, Any]) -> None:
    deployment["experts"]["sociable"] = deployment["experts"].pop("social")
    deployment["router"]["head"] = str(DEMO.parent / yaml.safe_load(DEMO.read_text())["router"]["head"])
    shown = refuse(deployment)
    assert "router.head" in shown
    assert "sociable" in shown


def test_other_machines_are_not_served_without_keys(
    refuse: Refuse, deployment: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "MOLORA_API_KEYS" in refuse(deployment | {"host": "0.0.0.0"})
    monkeypatch.setenv("MOLORA_API_KEYS", "a key")
    assert "head.safetensors" in refuse(deployment | {"host": "0.0.0.0"})


def test_a_port_in_use_is_named(refuse: Refuse, deployment: dict[str, Any]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"port {port}" in refuse(deployment | {"port": port})


def test_route_keeps_to_the_deployments_limits_of_pictures(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, deployment: dict[str, Any]
) -> None:
    config, picture = write(tmp_path, deployment | {"media": {"max_side": 32}}), tmp_path / "picture"
    for data, message in ((b"GIF89a", "the image is broken"), (huge_png(33, 32), "a side has at most 32")):
        picture.write_bytes(data)
        assert run(monkeypatch, "route", "Who?", "--image", str(picture), "--config", config) == 1
        assert message in capsys.readouterr().err


@pytest.mark.engine
def test_route_prints_a_decision_without_an_engine() -> None:
    command = [sys.executable, "-c", "from molora.server.cli import main; main()"]
    arguments = ["route", "How many balls are there?", "--config", str(DEMO)]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["gates"] == {"quantity": 1.0}
