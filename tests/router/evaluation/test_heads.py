import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from molora.config import EncoderConfig
from molora.errors import ConfigError
from molora.router.cli import app
from molora.router.evaluation import heads
from molora.router.evaluation.heads import Candidate, Strangers, measure_heads
from molora.router.head import save_head
from molora.router.query import Query
from molora.router.training.data import Sample
from tests.router.fakes import FakeEncoder, make_head

SAMPLES = [Sample(Query("who?"), {"social": 1.0}), Sample(Query("where?"), {"spatial": 1.0})]
SBERT = EncoderConfig()


@pytest.fixture(autouse=True)
def encoder(monkeypatch: pytest.MonkeyPatch) -> FakeEncoder:
    """In the place of whatever is to be built."""
    fake = FakeEncoder()
    monkeypatch.setattr(heads, "build_encoder", lambda _: fake)
    return fake


@pytest.fixture
def head(tmp_path: Path) -> Path:
    path = tmp_path / "one" / "head.safetensors"
    save_head(make_head(), path)
    return path


def test_heads_with_the_same_experts_share_what_is_encoded(head: Path, tmp_path: Path, encoder: FakeEncoder):
    other = tmp_path / "other.safetensors"
    save_head(make_head(calibration=2.0), other)
    candidates = [Candidate(head, SBERT), Candidate(other, SBERT)]
    one, two = measure_heads(candidates, lambda _classes, _looks: SAMPLES, None, lambda *_: None)
    assert (one.name, two.name) == ("head", "other")
    assert one.evaluation.report.accuracy == two.evaluation.report.accuracy == 1.0
    assert one.evaluation.report.nll < two.evaluation.report.nll
    assert encoder.batches == [["who?", "where?"]]


def test_strangers_are_told_from_the_heads_own_questions(head: Path):
    strangers = Strangers([Sample(Query("why?"), {})], 0.01)
    (one,) = measure_heads([Candidate(head, SBERT)], lambda *_: SAMPLES, strangers, lambda *_: None)
    assert one.foreign is not None
    assert (one.foreign.rate, one.foreign.num_foreign, one.foreign.num_own) == (0.01, 1, 2)


def test_a_head_of_another_encoder_is_refused(tmp_path: Path):
    save_head(make_head(digest="another"), tmp_path / "head.safetensors")
    with pytest.raises(ConfigError, match="another encoder"):
        measure_heads([Candidate(tmp_path / "head.safetensors", SBERT)], lambda *_: SAMPLES, None, lambda *_: None)


def run(*arguments: str | Path) -> Any:
    result = CliRunner().invoke(app, ["evaluate", *map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout.splitlines()[-1])


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "data.jsonl"
    rows = [{"question": sample.query.text, "expert": next(iter(sample.targets))} for sample in SAMPLES]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_the_command_tells_the_first_heads_figures_and_the_table_of_all(head: Path, data: Path, tmp_path: Path):
    other, output = tmp_path / "other" / "head.safetensors", tmp_path / "report"
    save_head(make_head(classes=("social", "spatial")), other)
    told = run("--head", head, "--head", other, "--data", data, "--output", output)
    assert (told["num"], told["accuracy"]) == (2, 1.0)
    assert [(row["head"], row["input"], row["accuracy"]) for row in told["table"]] == [
        ("one/head", "text", 1.0),
        ("other/head", "text", 0.0),
    ]
    assert [one["head"] for one in json.loads((output / "report.json").read_text())["heads"]] == [
        "one/head",
        "other/head",
    ]
    assert (output / "one" / "head" / "gates.png").is_file()
    assert (output / "other" / "head" / "gates.png").is_file()


def test_strangers_are_judged_at_the_deployments_rate(head: Path, data: Path, tmp_path: Path):
    (tmp_path / "foreign.jsonl").write_text('{"question": "why?"}\n')
    told = run("--head", head, "--data", data, "--foreign", tmp_path / "foreign.jsonl")
    assert told["foreign"]["head"]["rate"] == 0.01
    assert told["foreign"]["head"]["num_foreign"] == 1


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ([], "no questions: give --data"),
        (["--data", "data.jsonl", "--config", "a.yaml", "--config", "b.yaml"], "one for all, or one for each"),
        (["--data", "data.jsonl", "--output", "data.jsonl"], "--output: data.jsonl: File exists"),
        (["--data", "none.jsonl"], "none.jsonl: cannot be read"),
    ],
)
def test_what_cannot_be_measured_is_refused(
    head: Path, data: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], fault: str
):
    monkeypatch.chdir(data.parent)
    with pytest.raises(ConfigError, match=fault):
        run("--head", head, *arguments)
