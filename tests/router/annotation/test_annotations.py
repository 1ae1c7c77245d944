from pathlib import Path

import pytest

from molora.errors import ConfigError
from molora.router.annotation.annotations import LabelFile, Question, read_questions


def write(path: Path, *lines: str) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def test_questions_are_read_once_each_and_their_pictures_lie_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"")
    lines = (
        '{"question": " Who? ", "image": "a.png"}',
        "",
        '{"question": "Who?"}',
        '{"question": "Who?", "answer": 1}',
    )
    assert read_questions(write(tmp_path / "rows.jsonl", *lines)) == [
        Question("Who?", tmp_path / "a.png"),
        Question("Who?"),
    ]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("no JSON", "Invalid JSON"),
        ("[]", "Input should be an object"),
        ('{"image": "a.png"}', "question: Field required"),
        ('{"question": " "}', "question: .*at least 1 character"),
        ('{"question": "Who?", "image": 1}', "image: "),
        ('{"question": "Who?", "image": "b.png"}', r"no such picture: .*b\.png"),
    ],
)
def test_a_row_that_is_no_question_is_named(tmp_path: Path, line: str, fault: str) -> None:
    path = write(tmp_path / "rows.jsonl", '{"question": "Who?"}', line)
    with pytest.raises(ConfigError, match=rf"rows\.jsonl:2: {fault}"):
        read_questions(path)


def test_a_last_row_is_kept_if_it_is_whole_and_only_lacks_its_end(tmp_path: Path) -> None:
    whole = '{"question": "Who?", "expert": "social", "model": "judge"}'
    (tmp_path / "labels.jsonl").write_text(f"{whole}\n{whole.replace('Who', 'Why')}")
    file = LabelFile(tmp_path / "labels.jsonl", "judge")
    file.append(Question("Where?"), "spatial", "spatial")
    assert list(LabelFile(tmp_path / "labels.jsonl", "judge").labels) == [
        Question("Who?"),
        Question("Why?"),
        Question("Where?"),
    ]


def test_a_broken_row_amid_the_labels_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "labels.jsonl", '{"question": "Who?", "expert": "soc', '{"question": "Why?"}')
    with pytest.raises(ConfigError, match=r"labels\.jsonl:1: "):
        LabelFile(path, "judge")


def test_a_folder_is_no_file_of_labels(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be written"):
        LabelFile(tmp_path, "judge")


def test_labels_survive_any_wording(tmp_path: Path) -> None:
    question = Question('Was "ist" das?\u2028Ü\n{}')
    LabelFile(tmp_path / "new" / "labels.jsonl", "judge").append(question, "social", "social")
    assert LabelFile(tmp_path / "new" / "labels.jsonl", "judge").labels == {question: "social"}
