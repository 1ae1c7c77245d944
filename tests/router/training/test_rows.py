import json
import logging
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from molora.benchmarks.questions import KINDS
from molora.errors import ConfigError
from molora.router.query import Query
from molora.router.training.data import Sample
from molora.router.training.rows import BadRows, read_samples

GOOD = {"question": "q", "expert": "gui"}


def write(path: Path, *rows: object) -> Path:
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows))
    return path


def read(path: Path, *rows: object, experts: tuple[str, ...] = (), max_bad: int = 0, looks: bool = False) -> Any:
    return read_samples([write(path / "rows.jsonl", *rows)], experts, BadRows(max_bad), looks=looks)


def test_types_are_told_by_their_first_word(tmp_path: Path):
    labels = ("Spatial Reasoning.", "quantity", " Physical Reasoning", "Social and Emotional Reasoning.")
    rows = [{"question": f" q{i} ", "reasoning_type": label, "serial_no": i} for i, label in enumerate(labels)]
    assert read(tmp_path, *rows, "") == [Sample(Query(f"q{i}"), {kind: 1.0}) for i, kind in enumerate(KINDS)]


@pytest.mark.parametrize(
    ("label", "targets"),
    [
        ({"expert": "gui"}, {"gui": 1.0}),
        ({"experts": ["gui", "web", "gui"]}, {"gui": 0.5, "web": 0.5}),
        ({"experts": {"gui": 3, "web": 1, "chart": 0}}, {"gui": 0.75, "web": 0.25}),
    ],
)
def test_labels_are_one_expert_several_or_weights_of_any_sum(tmp_path: Path, label: Any, targets: Any):
    assert read(tmp_path, {"question": "q", **label}) == [Sample(Query("q"), targets)]


def test_a_row_that_nobody_could_label_is_left_out(tmp_path: Path):
    rows = {"question": "q", "expert": None, "model": "m", "answer": "?"}, GOOD
    assert len(read(tmp_path, *rows)) == 1


def test_a_very_long_question_and_a_byte_order_mark_are_taken(tmp_path: Path):
    long = {"question": "what " * 10_000, "expert": "gui"}
    assert len(read(tmp_path, "\ufeff" + json.dumps(long), GOOD)) == 2


def test_several_files_are_one_set_with_pictures_beside_each(tmp_path: Path):
    (tmp_path / "a").mkdir()
    row = {"question": "q", "image": "../p.png", "expert": "gui"}
    paths = [write(tmp_path / "a" / "rows.jsonl", row), write(tmp_path / "rows.jsonl", {**row, "image": "p.png"})]
    assert [sample.picture for sample in read_samples(paths, (), BadRows(0), looks=False)] == [tmp_path / "p.png"] * 2


BROKEN = [
    "{",
    "[1]",
    '"text"',
    {"expert": "gui"},
    {"question": " ", "expert": "gui"},
    {"question": 7, "expert": "gui"},
    {"question": "q"},
    {"question": "q", "expert": "gui", "reasoning_type": "Spatial"},
    {"question": "q", "expert": "base"},
    {"question": "q", "expert": "two words"},
    {"question": "q", "expert": 7},
    {"question": "q", "experts": []},
    {"question": "q", "experts": {"gui": 0}},
    {"question": "q", "experts": {"gui": -1}},
    {"question": "q", "experts": [7]},
    {"question": "q", "experts": "gui"},
    {"question": "q", "expert": "gui", "image": 7},
    '{"question": "q", "experts": {"gui": NaN}}',
]


@pytest.mark.parametrize("row", BROKEN)
def test_a_broken_row_is_skipped_and_named(tmp_path: Path, caplog: pytest.LogCaptureFixture, row: object):
    with caplog.at_level(logging.WARNING):
        assert len(read(tmp_path, GOOD, row, GOOD, max_bad=1)) == 2
    assert "rows.jsonl:2: skipped: " in caplog.text


def test_one_broken_row_more_than_allowed_ends_the_reading(tmp_path: Path):
    assert len(read(tmp_path, "{", GOOD, "{", max_bad=2)) == 1
    with pytest.raises(ConfigError, match=r"rows\.jsonl:3: .*2 bad rows"):
        read(tmp_path, "{", GOOD, "{", max_bad=1)


@pytest.mark.parametrize(
    ("row", "name"),
    [
        ({"question": "q", "expert": "web"}, "web"),
        ({"question": "q", "experts": ["gui", "web"]}, "web"),
        ({"question": "q", "reasoning_type": "Spatial"}, "spatial"),
    ],
)
def test_an_expert_that_is_not_allowed_is_named_with_its_line(tmp_path: Path, row: object, name: str):
    with pytest.raises(ConfigError, match=rf"rows\.jsonl:2: unknown expert '{name}'; known: gui"):
        read(tmp_path, GOOD, row, experts=("gui",), max_bad=9)


def test_a_reasoning_type_is_one_of_the_four(tmp_path: Path):
    with pytest.raises(ConfigError, match=r"rows\.jsonl:1: unknown expert 'moral'"):
        read(tmp_path, {"question": "q", "reasoning_type": "Moral."}, max_bad=9)


def test_pictures_are_looked_at_only_for_an_encoder_that_does(tmp_path: Path):
    Image.new("RGB", (8, 8)).save(tmp_path / "p.png")
    (tmp_path / "broken.png").write_bytes(b"no picture")
    rows = [{**GOOD, "image": name} for name in ("p.png", "broken.png", "nowhere.png")]
    assert len(read(tmp_path, *rows)) == 3
    assert len(read(tmp_path, *rows, looks=True, max_bad=2)) == 1
    with pytest.raises(ConfigError, match=r"rows\.jsonl:3: no such picture: .*nowhere\.png"):
        read(tmp_path, *rows, looks=True, max_bad=1)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path):
    (tmp_path / "binary.jsonl").write_bytes(b"\xff\xfe\xfd")
    for name in ("nowhere.jsonl", "binary.jsonl"):
        with pytest.raises(ConfigError, match=name):
            read_samples([tmp_path / name], (), BadRows(9), looks=False)
