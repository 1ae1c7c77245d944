import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from molora.errors import ConfigError
from molora.router.annotation.agreement import compare, find_disputed, find_labels
from molora.router.annotation.annotations import Question
from molora.router.cli import app
from molora.router.query import Query
from molora.router.training.data import Sample

ONE = {Question(text): label for text, label in (("a", "x"), ("b", "x"), ("c", "y"), ("d", "y"), ("e", "x"))}
OTHER = {Question(text): label for text, label in (("a", "x"), ("b", "y"), ("c", "y"), ("d", "y"), ("f", "x"))}


def test_agreement_is_over_the_questions_both_labelled() -> None:
    found = compare(ONE, OTHER)
    assert (found.num, found.agreement) == (4, 0.75)
    assert found.kappa == pytest.approx((0.75 - 0.5) / (1 - 0.5))
    assert found.confusion == {"x": {"x": 1, "y": 1}, "y": {"x": 0, "y": 2}}


def test_chance_says_nothing_where_there_is_one_label_only() -> None:
    same = {Question("a"): "x", Question("b"): "x"}
    assert compare(same, same).kappa is None
    assert compare(same, same).agreement == 1


def test_wordings_are_told_by_how_they_begin_the_most_disputed_first() -> None:
    texts = ["Is there a cat?", "is there  more?", "Is there any?", "How many?", "How many cats?", "Why so?"]
    one = dict.fromkeys(map(Question, texts), "x")
    other = one | {Question(text): "y" for text in texts[:2]} | {Question(texts[3]): "z"}
    is_there, how_many = find_disputed([one, other])
    assert is_there == ("is there", 3, 2, ("x", "y"))
    assert how_many == ("how many", 2, 1, ("x", "z"))


def test_a_question_of_several_experts_counts_for_the_heaviest_and_equals_together() -> None:
    samples = [Sample(Query("a"), {"x": 0.3, "y": 0.7}), Sample(Query("b"), {"y": 0.5, "x": 0.5})]
    assert find_labels(samples) == {Question("a"): "y", Question("b"): "x+y"}


def write(path: Path, **labels: str) -> Path:
    path.write_text("".join(json.dumps({"question": text, "expert": label}) + "\n" for text, label in labels.items()))
    return path


def run(*files: Path) -> Any:
    result = CliRunner().invoke(app, ["agreement", *map(str, files)], catch_exceptions=False)
    return json.loads(result.stdout.splitlines()[-1])


def test_the_command_compares_every_pair(tmp_path: Path) -> None:
    files = [
        write(tmp_path / "one", a="x", b="y"),
        write(tmp_path / "two", a="x", b="x"),
        write(tmp_path / "three", a="x", b="y"),
    ]
    told = run(*files)
    assert [pair["agreement"] for pair in told["pairs"]] == [0.5, 1.0, 0.5]
    assert told["pairs"][0]["annotators"] == ["one", "two"]
    assert told["disputed"] == [{"opening": "b", "num": 1, "num_disputed": 1, "labels": ["y", "x", "y"]}]


def test_files_that_share_no_question_are_refused(tmp_path: Path) -> None:
    one = write(tmp_path / "one", a="x")
    with pytest.raises(ConfigError, match="no question that"):
        run(one, write(tmp_path / "two", b="x"))
    with pytest.raises(ConfigError, match="two files"):
        run(one)
