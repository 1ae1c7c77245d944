from pathlib import Path

import pytest

from molora.errors import ConfigError
from molora.files import making_folder, replacing


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


def test_a_folder_is_made_whole(tmp_path: Path):
    path = tmp_path / "new" / "folder"
    with making_folder(path) as unfinished:
        (unfinished / "file").touch(mode=0o600)
        (unfinished / "file").write_text("text")
        assert not path.exists()
    plain = path.parent / "plain"
    plain.touch()
    assert (path / "file").read_text() == "text"
    assert (path / "file").stat().st_mode == plain.stat().st_mode
    plain.unlink()
    assert list(path.parent.iterdir()) == [path]


def test_a_folder_that_fails_leaves_nothing_and_one_that_is_there_is_left_alone(tmp_path: Path):
    def fail(path: Path) -> None:
        with making_folder(path) as unfinished:
            (unfinished / "file").write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail(tmp_path / "folder")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ConfigError, match="exists already"):
        fail(tmp_path)
