"""Keys: where they come from, what they are called, and that a file's change counts at once."""

from pathlib import Path

import pytest

from molora.errors import ConfigError
from molora.server.keys import API_KEYS, Keys

FILE = f"{API_KEYS}_FILE"


def test_a_key_has_its_name_or_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(API_KEYS, " one, ann:two ,,three, bob:a:b, ann:new")
    names = {b"one": "key-1", b"two": "ann", b"three": "key-3", b"a:b": "bob", b"new": "ann"}
    keys = Keys(API_KEYS)
    assert {key: keys.find(key) for key in names} == names


@pytest.mark.parametrize("given", [b"", b"on", b"one ", b"ann", b"ann:two", b"one,ann:two", "öne".encode()])
def test_what_is_no_key_has_no_name(monkeypatch: pytest.MonkeyPatch, given: bytes) -> None:
    monkeypatch.setenv(API_KEYS, "one,ann:two")
    assert Keys(API_KEYS).find(given) is None


def test_no_key_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(API_KEYS, "ann:secret")
    assert "secret" not in repr(Keys(API_KEYS)._keys)


@pytest.mark.parametrize(("value", "required"), [("", False), (" ,, ", False), ("one", True)])
def test_keys_are_required_where_there_are_some(monkeypatch: pytest.MonkeyPatch, value: str, required: bool) -> None:
    monkeypatch.setenv(API_KEYS, value)
    assert Keys(API_KEYS).required is required


@pytest.mark.parametrize("entry", ["ann:", "ann: ", ":key", "an n:secret", "-:secret", f"{'a' * 65}:secret"])
def test_an_entry_that_is_neither_is_refused_without_being_shown(monkeypatch: pytest.MonkeyPatch, entry: str) -> None:
    monkeypatch.setenv(API_KEYS, f"good,{entry}")
    with pytest.raises(ConfigError, match="MOLORA_API_KEYS: entry 2") as caught:
        Keys(API_KEYS)
    assert "secret" not in caught.value.message


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Beside a key of the environment."""
    monkeypatch.setenv(API_KEYS, "fixed")
    monkeypatch.setenv(FILE, str(tmp_path / "keys"))
    (tmp_path / "keys").write_text("ann:old\n\n  bob:other\n")
    return tmp_path / "keys"


def test_a_changed_file_counts_at_once(file: Path) -> None:
    keys = Keys(API_KEYS)
    assert (keys.find(b"fixed"), keys.find(b"old"), keys.find(b"other")) == ("key-1", "ann", "bob")
    file.write_text("ann:brand new\n")
    assert (keys.find(b"fixed"), keys.find(b"old"), keys.find(b"brand new")) == ("key-1", None, "ann")
    (file.parent / "next").write_text("ann:renamed over")
    (file.parent / "next").replace(file)
    assert keys.find(b"renamed over") == "ann"


@pytest.mark.parametrize("broken", [b"an n:key", b"\xff\xfe", None])
def test_a_file_that_breaks_changes_nothing(file: Path, broken: bytes | None, caplog: pytest.LogCaptureFixture) -> None:
    keys = Keys(API_KEYS)
    file.unlink() if broken is None else file.write_bytes(broken)
    assert [keys.find(b"old") for _ in range(3)] == ["ann"] * 3
    assert len(caplog.records) == 1
    file.write_text("eve:mended")
    assert (keys.find(b"old"), keys.find(b"mended")) == (None, "eve")


def test_an_empty_file_lets_nobody_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "keys").touch()
    monkeypatch.setenv(FILE, str(tmp_path / "keys"))
    keys = Keys(API_KEYS)
    assert keys.required
    assert keys.find(b"") is None


def test_a_file_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(FILE, str(tmp_path / "nowhere"))
    with pytest.raises(ConfigError, match="cannot be read"):
        Keys(API_KEYS)
