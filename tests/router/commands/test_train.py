import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from molora.benchmarks import displays
from molora.errors import ConfigError
from molora.router.cli import app
from molora.router.head import load_head
from tests.router.fakes import FakeEncoder


def run(*arguments: object) -> Any:
    result = CliRunner().invoke(app, ["train", *map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout.splitlines()[-1])


@pytest.fixture(autouse=True)
def encoder(monkeypatch: pytest.MonkeyPatch) -> FakeEncoder:
    fake = FakeEncoder()
    monkeypatch.setattr("molora.router.encoders.build_encoder", lambda _: fake)
    return fake


def write(path: Path, *rows: Any) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


ROWS = [{"question": f"{word} {i}?", "expert": name} for i in range(20) for word, name in (("who", "x"), ("why", "y"))]


def test_a_head_is_written_and_its_figures_come_last(tmp_path: Path):
    head = tmp_path / "new" / "head.safetensors"
    told = run("--output", head, "--data", write(tmp_path / "rows.jsonl", *ROWS), "--epochs", 3, "--seed", 3)
    assert (told["num_samples"], told["classes"], told["seed"]) == (40, ["x", "y"], 3)
    assert told["held_out"]["num"] == 4
    assert told["labels"]["method"] == "given"
    assert load_head(head).classes == ("x", "y")
    assert list(head.parent.iterdir()) == [head]


def test_the_demo_worlds_questions_come_alone_or_beside_a_file(tmp_path: Path):
    rows = [{"question": f"q{i}", "reasoning_type": "Spatial Reasoning."} for i in range(7)]
    file = write(tmp_path / "rows.jsonl", *rows)
    told = run("--output", tmp_path / "head", "--reasoning", file, "--scenes", 40, "--epochs", 1)
    assert (told["num_samples"], told["classes"]) == (47, ["spatial", "quantity", "physical", "social"])


def test_displays_stand_in_for_scenes_and_bring_experts_of_their_own(tmp_path: Path):
    told = run("--output", tmp_path / "head", "--displays", 28, "--epochs", 1)
    assert (told["num_samples"], tuple(told["classes"])) == (28, displays.KINDS)


def test_a_run_that_was_broken_off_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    whole, broken, checkpoint = (tmp_path / name for name in ("whole", "broken", "broken.checkpoint"))
    arguments = ["--data", write(tmp_path / "rows.jsonl", *ROWS), "--epochs", 2]
    run("--output", whole, *arguments)
    with monkeypatch.context() as patch:
        patch.setattr("molora.router.head.save_head", _fail)
        with pytest.raises(RuntimeError, match="power"):
            run("--output", broken, *arguments)
    assert checkpoint.exists()
    with pytest.raises(ConfigError, match=r"broken\.checkpoint: it is of other data"):
        run("--output", broken, *arguments, "--seed", 1)
    run("--output", broken, *arguments)
    one, other = load_head(whole), load_head(broken)
    assert all(np.array_equal(one.weights[name], other.weights[name]) for name in one.weights)
    assert one.calibration == other.calibration
    assert not checkpoint.exists()


def _fail(*_: object) -> None:
    raise RuntimeError("power")


def test_pictures_are_seen_by_an_encoder_that_looks(tmp_path: Path, encoder: FakeEncoder):
    encoder.looks = True
    for colour in ("red", "lime"):
        Image.new("RGB", (8, 8), colour).save(tmp_path / f"{colour}.png")
    rows = [{"question": "what now?", "image": f"{c}.png", "expert": e} for c, e in (("red", "x"), ("lime", "y"))] * 30
    rows.append({"question": "what now?", "image": "nowhere.png", "expert": "x"})
    told = run("--output", tmp_path / "head", "--data", write(tmp_path / "rows.jsonl", *rows), "--epochs", 40)
    assert (told["num_bad_rows"], told["held_out"]["accuracy"]) == (1, 1.0)


def test_curves_are_written_where_they_are_asked_for(tmp_path: Path):
    file, curves = write(tmp_path / "rows.jsonl", *ROWS), tmp_path / "curves"
    run("--output", tmp_path / "head", "--data", file, "--epochs", 1, "--tensorboard", curves)
    assert any(curves.iterdir())


@pytest.mark.parametrize(
    ("rows", "options", "message"),
    [
        ([], (), "--scenes"),
        (ROWS, ("--expert", "x"), r"rows\.jsonl:2: unknown expert 'y'"),
        (ROWS[::2], (), "all questions belong to x"),
        (ROWS, ("--expert", "x", "--expert", "y", "--expert", "z"), "0 questions are of z alone"),
        ([{}, *ROWS], ("--max-bad-rows", "0"), r"rows\.jsonl:1: question"),
    ],
)
def test_what_no_head_can_learn_from_is_refused_and_writes_nothing(
    tmp_path: Path, rows: list[Any], options: tuple[str, ...], message: str
):
    file, folder = write(tmp_path / "rows.jsonl", *rows), tmp_path / "made"
    with pytest.raises(ConfigError, match=message):
        run("--output", folder / "head", "--data", file, *options)
    assert not folder.exists()
