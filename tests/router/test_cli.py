import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from molora.errors import ConfigError
from molora.router.cli import app
from molora.router.encoders import SbertEncoder


def run(*arguments: str) -> Any:
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout.splitlines()[-1])


@pytest.fixture(autouse=True)
def _loaded_encoder(monkeypatch: pytest.MonkeyPatch, encoder: SbertEncoder) -> None:
    monkeypatch.setattr("molora.router.encoders.SbertEncoder", lambda _: encoder)


def test_train_then_evaluate_print_their_figures_last(tmp_path: Path):
    head = tmp_path / "head.safetensors"
    trained = run("train", "--output", str(head), "--scenes", "200", "--seed", "3")
    assert trained["num_samples"] == 200
    assert 0.2 <= trained["calibration"] <= 5
    evaluated = run("evaluate", "--head", str(head), "--scenes", "40")
    assert evaluated["num"] == 40
    assert evaluated["accuracy"] > 0.6


def test_no_questions_at_all_are_refused(tmp_path: Path):
    with pytest.raises(ConfigError, match="--reasoning"):
        run("train", "--output", str(tmp_path / "head"), "--scenes", "0")
