"""The command against the real server, on few scenes."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from molora.benchmarks.cli import app
from molora.benchmarks.results import read_result
from molora.deployment import load_config
from molora.router.evaluation.answers import read_answers
from tests.conftest import DEMO

pytestmark = pytest.mark.engine

ROUTED = ("top1", "top2", "soft")


def test_every_way_to_answer_is_measured_and_kept(server_url: str, tmp_path: Path) -> None:
    output = tmp_path / "quality.json"
    options = ["quality", "--config", str(DEMO), "--url", server_url, "--scenes", "24", "--output", str(output)]
    done = CliRunner().invoke(app, options, catch_exceptions=False)
    told = json.loads(done.stdout.splitlines()[-1])
    result, answers = read_result(output), read_answers(output.with_suffix(".jsonl"))
    experts = list(load_config(DEMO).experts)
    assert set(told["figures"]["exact match"]) == {"base", *experts, *ROUTED, "uniform", "oracle", "random", "twice"}
    assert told["figures"]["exact match"]["oracle"]["all"] > told["figures"]["exact match"]["random"]["all"]
    assert told["figures"]["routing accuracy"]["top1"]["all"] > 0.8
    assert {figure.group for figure in result.figures} == set(told["figures"])
    assert len(answers) == 12 * 30
    gates = {arm: {len(a.gates) for a in answers if a.arm == arm and a.gates} for arm in (*ROUTED, "uniform")}
    assert gates == {"top1": {1}, "top2": {2}, "soft": {4}, "uniform": {4}}
    routed = [a for a in answers if a.arm in ROUTED]
    assert all(a.router_ms > 0 and a.probabilities for a in routed)
    assert all(a.source == ("router" if a.gates else "fallback") for a in routed)
