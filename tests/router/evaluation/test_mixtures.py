import json
from pathlib import Path

import pytest

from molora.errors import ConfigError
from molora.router.evaluation.mixtures import read_mixtures

HEADS = {"a": {"top1": {"one type": 1.0}}, "b": {"top1": {"one type": 0.5}}}
FOUND = {"heads": HEADS, "num": {"one type": 2}}


def test_heads_are_found_by_name(tmp_path: Path):
    (tmp_path / "mixtures.json").write_text(json.dumps(FOUND))
    assert read_mixtures(tmp_path / "mixtures.json", ["b", "a"]) == [HEADS["b"], HEADS["a"]]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (json.dumps(FOUND), "mixtures.json: it tells of a, b, not of c"),
        ("{}", "mixtures.json: nothing of `molora router mixtures`: heads: Field required"),
        ("nothing", "mixtures.json: nothing of `molora router mixtures`"),
        (None, "mixtures.json: cannot be read"),
    ],
)
def test_what_tells_nothing_of_a_head_is_refused(tmp_path: Path, text: str | None, fault: str):
    if text is not None:
        (tmp_path / "mixtures.json").write_text(text)
    with pytest.raises(ConfigError, match=fault):
        read_mixtures(tmp_path / "mixtures.json", ["c"])
