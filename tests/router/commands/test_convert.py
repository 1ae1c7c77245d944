import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from molora.errors import ConfigError
from molora.router.cli import app

RULES = "rules: [{where: {metadata.task_type: [click, type]}, expert: gui}]"


def make_trace(kind: str) -> dict[str, Any]:
    turns = [{"from": "human", "value": "<image>\nOpen it"}, {"from": "gpt", "value": "click"}]
    return {"id": "1", "image": "1.png", "conversations": turns, "metadata": {"task_type": kind}}


def run(folder: Path, *traces: Any) -> Any:
    (folder / "traces.json").write_text(json.dumps(traces))
    (folder / "rules.yaml").write_text(RULES)
    arguments = ["convert", *(str(folder / name) for name in ("traces.json", "rules.yaml", "made/rows.jsonl"))]
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout.splitlines()[-1])


def test_traces_become_rows_and_those_no_rule_fits_are_counted(tmp_path: Path):
    told = run(tmp_path, make_trace("click"), make_trace("scroll"), make_trace("type"), {})
    assert told == {"num_rows": 2, "num_unmatched": 1, "num_bad_rows": 1, "experts": {"gui": 2}}
    lines = (tmp_path / "made" / "rows.jsonl").read_text().splitlines()
    assert json.loads(lines[0]) == {"question": "Open it", "image": "../1.png", "expert": "gui"}


def test_traces_that_no_rule_fits_at_all_write_nothing(tmp_path: Path):
    with pytest.raises(ConfigError, match="no trace that a rule"):
        run(tmp_path, make_trace("scroll"))
    assert not (tmp_path / "made").exists()
