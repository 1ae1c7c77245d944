import json
from pathlib import Path

import pytest
from PIL import Image

from molora.benchmarks.questions import TWO_TYPES
from molora.errors import ConfigError
from molora.router.joint.examples import draw_lessons, read_lessons
from molora.router.training.rows import BadRows


def write(folder: Path, *rows: object) -> Path:
    Image.new("RGB", (8, 6), "red").save(folder / "red.png")
    path = folder / "lessons.jsonl"
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows))
    return path


def test_lessons_come_from_lines_of_json_with_pictures_beside_the_file(tmp_path: Path) -> None:
    path = write(
        tmp_path, {"question": " How many? ", "answer": "3", "image": "red.png"}, {"question": "a", "answer": "b"}
    )
    one, other = read_lessons(path, BadRows(0))
    assert (one.question, one.answer, one.kinds) == ("How many?", "3", ())
    assert [picture.size for picture in one.see()] == [(8, 6)]
    assert other.see() == ()


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ({"question": "a"}, "answer: Field required"),
        ({"question": "", "answer": "b"}, "question: "),
        ({"question": "a", "answer": "b", "image": "gone.png"}, "no such picture"),
        ("{", "Invalid JSON"),
    ],
)
def test_a_bad_line_is_named_and_skipped_up_to_a_limit(tmp_path: Path, row: object, fault: str) -> None:
    path = write(tmp_path, {"question": "a", "answer": "b"}, row)
    bad = BadRows(1)
    assert len(list(read_lessons(path, bad))) == bad.num == 1
    with pytest.raises(ConfigError, match=rf"lessons\.jsonl:2: .*{fault}"):
        list(read_lessons(path, BadRows(0)))


def test_scenes_bring_their_answers_and_the_experts_that_they_need() -> None:
    lessons = draw_lessons(5, 12, TWO_TYPES)
    assert all(len(lesson.kinds) == 2 for lesson in lessons)
    assert all(lesson.answer for lesson in lessons)
    assert lessons[0].see()[0].size == (112, 112)
