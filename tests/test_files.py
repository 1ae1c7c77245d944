from pathlib import Path

import pytest

from molora.files import replacing


def test_a_file_is_replaced_in_a_new_folder(tmp_path: Path):
    path = tmp_path / "new" / "file"
    for text in ("first", "second"):
        with replacing(path) as unfinished:
            unfinished.write_text(text)
    assert path.read_text() == "second"
    assert list(path.parent.iterdir()) == [path]


def test_a_file_may_be_read_by_whom_any_new_file_may(tmp_path: Path):
    path, plain = tmp_path / "file", tmp_path / "plain"
    plain.touch()
    with replacing(path) as unfinished:
        unfinished.unlink()
        unfinished.touch(mode=0o600)
    assert path.stat().st_mode == plain.stat().st_mode


def test_a_failure_leaves_what_was_there(tmp_path: Path):
    path = tmp_path / "file"
    path.write_text("old")

    def fail() -> None:
        with replacing(path) as unfinished:
            unfinished.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
