import json
from pathlib import Path
from typing import Any

import pytest

from molora.errors import ConfigError
from molora.router.training.rows import BadRows
from molora.router.training.traces import Trace, read_traces, write_rows


def make_trace(*turns: tuple[str, str], **others: Any) -> dict[str, Any]:
    return {"id": 1, "conversations": [{"from": speaker, "value": value} for speaker, value in turns], **others}


TRACE = make_trace(("system", "x"), ("human", "<image>\nOpen the mail"), ("gpt", "click(1, 2)"), image="s/1.png")


@pytest.mark.parametrize("form", ["array", "lines"])
def test_an_array_and_lines_are_read_alike(tmp_path: Path, form: str):
    path, other = tmp_path / "traces.json", make_trace(("human", "Type it"), metadata={"task_type": "type"})
    both = [TRACE, other]
    path.write_text(json.dumps(both, indent=1) if form == "array" else "\n".join(map(json.dumps, both)))
    traces = list(read_traces(path, BadRows(0)))
    assert [(trace.question, trace.image) for trace in traces] == [("Open the mail", "s/1.png"), ("Type it", None)]
    assert [trace.raw for trace in traces] == both


def test_pictures_are_relative_to_the_output(tmp_path: Path):
    trace = Trace.model_validate({**TRACE, "raw": TRACE})
    row = trace.to_row("gui", tmp_path / "shots", tmp_path / "made")
    assert row == {"question": "Open the mail", "image": "../shots/s/1.png", "expert": "gui"}


def test_placeholders_alone_are_no_question():
    trace = make_trace(("human", "<image>"), ("gpt", "What now?"), ("human", "<image> <image>Scroll <image>down"))
    assert Trace.model_validate({**trace, "raw": trace}).question == "Scroll  down"


@pytest.mark.parametrize(
    "broken",
    [
        "{",
        [1],
        make_trace(("gpt", "hello")),
        make_trace(("human", "<image>\n")),
        {"conversations": "hello"},
        {"conversations": [{"from": "human"}]},
        {**TRACE, "image": 7},
    ],
)
def test_a_broken_trace_is_skipped_up_to_the_limit_and_named(tmp_path: Path, broken: object):
    path = tmp_path / "traces.jsonl"
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in (TRACE, broken, TRACE)))
    bad = BadRows(1)
    assert (len(list(read_traces(path, bad))), bad.num) == (2, 1)
    with pytest.raises(ConfigError, match=r"traces\.jsonl:2"):
        list(read_traces(path, BadRows(0)))


def test_a_trace_of_an_array_is_named_by_its_number(tmp_path: Path):
    path = tmp_path / "traces.json"
    path.write_text(json.dumps([TRACE, {}]))
    with pytest.raises(ConfigError, match=r"traces\.json: trace 2: conversations"):
        list(read_traces(path, BadRows(0)))
    path.write_text("[{]")
    with pytest.raises(ConfigError, match=r"traces\.json: not valid JSON"):
        list(read_traces(path, BadRows(0)))


def test_rows_are_written_one_a_line(tmp_path: Path):
    rows = [{"question": "Öffne\u2028", "expert": "gui"}, {"question": "q", "expert": "web"}]
    write_rows(rows, tmp_path / "new" / "rows.jsonl")
    assert [json.loads(line) for line in (tmp_path / "new" / "rows.jsonl").read_text().split("\n")[:-1]] == rows
