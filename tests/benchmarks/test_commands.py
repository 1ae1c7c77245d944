"""`molora bench`: what all of its commands do alike."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from molora.server.cli import app

WIDE = {"COLUMNS": "400"}
"""What is said is not broken into lines."""


@pytest.mark.parametrize("command", ["load", "report", "soak"])
def test_a_folder_of_results_is_no_file(tmp_path: Path, command: str):
    (taken := tmp_path / "results").write_text("kept")
    results = [str(taken)] if command == "report" else []
    ended = CliRunner().invoke(app, ["bench", command, *results, "--output", str(taken)], env=WIDE)
    assert (ended.exit_code, "is a file" in ended.output, taken.read_text()) == (2, True, "kept")


@pytest.mark.parametrize("command", ["lifecycle", "quality", "router", "scaling", "tradeoff"])
def test_a_result_is_no_folder(tmp_path: Path, command: str):
    ended = CliRunner().invoke(app, ["bench", command, "--output", str(tmp_path)], env=WIDE)
    assert (ended.exit_code, "is a directory" in ended.output) == (2, True)
    assert not list(tmp_path.iterdir())
