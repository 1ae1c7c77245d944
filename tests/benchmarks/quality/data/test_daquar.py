import json
from pathlib import Path

import pytest

from molora.benchmarks.quality.data import Source, read_items
from molora.benchmarks.quality.item import Item
from molora.errors import ConfigError
from molora.router.training.rows import BadRows

PAIRS = [
    ("what is on the desk in the image3 ?", "book, tape_dispenser"),
    ("how many chairs are there in the image3 ?", "2"),
    ("what color is the wall in this image 12 ?", "white"),
]


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """The pictures, and the questions in the first publication's form."""
    (tmp_path / "nyu_depth_images").mkdir()
    for number in (3, 12):
        (tmp_path / "nyu_depth_images" / f"image{number}.png").touch()
    file = tmp_path / "qa.37.raw.test.txt"
    file.write_text("".join(f"{question}\n{answer}\n" for question, answer in PAIRS))
    return file


def read(file: Path, num: int = 100, max_bad: int = 0) -> list[Item]:
    return read_items(Source("daquar", file), num, 7, BadRows(max_bad))


def test_a_question_and_its_answer_are_two_lines(published: Path) -> None:
    items = read(published)
    assert [(item.question, item.answer) for item in items] == PAIRS
    assert [item.picture for item in items] == [
        published.parent / "nyu_depth_images" / f"image{n}.png" for n in (3, 3, 12)
    ]
    assert {item.kinds for item in items} == {()}


def test_json_lines_are_read_with_pictures_in_their_folder(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "image3.jpg").touch()
    file = tmp_path / "train.jsonl"
    file.write_text(json.dumps({"image": "image3.jpg", "question": "what ?", "answer": "desk"}) + "\n")
    assert read(file) == [Item("what ?", "desk", (), tmp_path / "images" / "image3.jpg")]


@pytest.mark.parametrize(
    ("place", "text", "told"),
    [
        (2, "what is on the desk ?", "3: the question names no image"),
        (4, "what is it in the image99 ?", "5: no picture image99.png in nyu_depth_images or images"),
        (5, "", "5: a question without an answer"),
    ],
)
def test_a_row_that_cannot_be_used_is_named_by_file_and_line(
    published: Path, place: int, text: str, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    lines = published.read_text().splitlines()
    published.write_text("\n".join([*lines[:place], text, *lines[place + 1 :]]))
    with pytest.raises(ConfigError, match=rf"test\.txt:{told}"):
        read(published)
    assert len(read(published, max_bad=1)) == 2
    line, _, fault = told.partition(": ")
    assert f"test.txt:{line}: skipped: {fault}" in caplog.text


def test_a_sample_is_the_same_for_the_same_seed_and_in_order(published: Path) -> None:
    few = read(published, num=2)
    assert len(few) == 2
    assert few == read(published, num=2)
    assert few == [item for item in read(published) if item in few]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.txt: cannot be read"):
        read(tmp_path / "none.txt")
