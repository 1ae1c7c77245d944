"""`molora router tune` and `molora router mixtures` on the demo deployment."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from molora.benchmarks.questions import KINDS
from molora.errors import ConfigError
from molora.router.cli import app
from molora.router.head import load_head
from tests.conftest import DEMO, ROOT
from tests.router.joint.demo import FOLDERS, read

HEAD = ROOT / "molora" / "router" / "demo" / "head.safetensors"
MODES = ["top1", "top2", "soft"]
FEW = ["--config", str(DEMO), "--scenes", "12"]


def run(*arguments: str) -> dict:  # type: ignore[type-arg]
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0
    return dict(json.loads(result.stdout.splitlines()[-1]))


def test_a_tuned_head_is_a_head_with_what_it_knew_of_newcomers(tmp_path: Path) -> None:
    output = tmp_path / "tuned.safetensors"
    told = run("tune", *FEW, "--output", str(output), "--steps", "2", "--batch", "4", "--rate", "0.01")
    before, after = load_head(HEAD), load_head(output)
    assert (after.classes, after.encoder_digest) == (before.classes, before.encoder_digest)
    assert np.array_equal(after.weights["references"], before.weights["references"])
    assert [step for step, _, _ in told["checks"]] == [0, 2]
    assert told["best_loss"] == min(loss for _, loss, _ in told["checks"])
    assert list(tmp_path.iterdir()) == [output]
    answered = tmp_path / "mixtures.json"
    measured = run("mixtures", *FEW, str(HEAD), str(output), "--no-fixed", "--output", str(answered))
    assert json.loads(answered.read_text()) == measured
    assert measured["num"] == {"one type": 6, "two types": 6}
    assert {name: list(modes) for name, modes in measured["heads"].items()} == dict.fromkeys(("head", "tuned"), MODES)
    heads = ["--head", str(HEAD), "--head", str(output)]
    table = run("evaluate", *heads, "--scenes", "8", "--mixtures", str(answered))["table"]
    assert {row["head"]: row["rights"] for row in table} == measured["heads"]


def test_stage_three_writes_a_folder_of_head_and_adapters(tmp_path: Path) -> None:
    output = tmp_path / "tuned"
    rates = ["--rate", "0.001", "--lora-rate", "0.001", "--sharpen", "0"]
    run("tune", *FEW, "--output", str(output), "--steps", "1", "--batch", "8", "--stage", "3", *rates)
    assert sorted(path.name for path in output.iterdir()) == sorted(["head.safetensors", *KINDS])
    assert [path.name for path in tmp_path.iterdir()] == ["tuned"]
    assert all(read(output / kind).layers.keys() == read(FOLDERS[kind]).layers.keys() for kind in KINDS)
    answered = tmp_path / "mixtures.json"
    rights = run("mixtures", *FEW, str(output), "--output", str(answered))["heads"]["tuned"]
    assert rights["soft"].keys() == {"one type", "two types"}
    [row] = run("evaluate", "--head", str(output), "--scenes", "8", "--mixtures", str(answered))["table"]
    assert (row["head"], row["rights"]) == ("tuned", rights)
    with pytest.raises(ConfigError, match="tuned: it exists already"):
        run("tune", *FEW, "--output", str(output), "--stage", "3")


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (["--scenes", "0"], "fewer than two questions"),
        (["--device", "nonsense"], "--device nonsense"),
        (["--data", "/nowhere.jsonl"], "nowhere.jsonl: cannot be read"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_written(tmp_path: Path, arguments: list[str], fault: str) -> None:
    with pytest.raises(ConfigError, match=fault):
        run("tune", *FEW, "--output", str(tmp_path / "head.safetensors"), "--steps", "1", *arguments)
    assert list(tmp_path.iterdir()) == []
