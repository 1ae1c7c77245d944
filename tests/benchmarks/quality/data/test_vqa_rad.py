import json
from pathlib import Path
from typing import Any

import pytest

from molora.benchmarks.quality.data import Source, read_items
from molora.benchmarks.quality.item import Item
from molora.errors import ConfigError
from molora.router.training.rows import BadRows

ROW = {
    "qid": 1,
    "image_name": "synpic1.jpg",
    "question": "Is there a fracture?",
    "answer": "No",
    "answer_type": "CLOSED ",
    "question_type": "PRES",
}
COUNT = ROW | {"qid": 2, "question": "How many ribs?", "answer": 3, "answer_type": "OPEN"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "VQA_RAD Image Folder").mkdir()
    (tmp_path / "VQA_RAD Image Folder" / "synpic1.jpg").touch()
    return tmp_path


def read(folder: Path, text: str, max_bad: int = 0) -> list[Item]:
    file = folder / "VQA_RAD Dataset Public.json"
    file.write_text(text, encoding="utf-8-sig")
    return read_items(Source("vqa-rad", file), 100, 7, BadRows(max_bad))


def test_questions_are_counted_by_the_type_of_their_answer(folder: Path) -> None:
    picture = folder / "VQA_RAD Image Folder" / "synpic1.jpg"
    assert read(folder, json.dumps([ROW, COUNT])) == [
        Item("Is there a fracture?", "No", ("CLOSED",), picture),
        Item("How many ribs?", "3", ("OPEN",), picture),
    ]


def test_rows_on_lines_of_their_own_are_the_same(folder: Path) -> None:
    array, lines = json.dumps([ROW, COUNT], indent=2), "\n".join(map(json.dumps, (ROW, COUNT)))
    assert read(folder, array) == read(folder, lines)


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        ({"image_name": "gone.jpg"}, "no picture gone.jpg in VQA_RAD Image Folder or images"),
        ({"answer": " "}, "answer: String should have at least 1 character"),
        ({"question": None}, "question: "),
    ],
)
def test_a_row_that_cannot_be_used_is_named_by_file_and_line(
    folder: Path, wrong: dict[str, Any], fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    text = json.dumps([ROW, ROW | wrong], indent=1)
    where = r"Public\.json:10: "
    with pytest.raises(ConfigError, match=where + fault):
        read(folder, text)
    assert len(read(folder, text, max_bad=1)) == 1
    assert f"Public.json:10: skipped: {fault}" in caplog.text


def test_what_is_no_json_is_named_by_its_line(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"Public\.json:2: no JSON"):
        read(folder, json.dumps(ROW) + "\n{'a': 1}\n")


def test_a_value_that_is_no_row_is_refused(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"Public\.json:1: "):
        read(folder, "[3]")
