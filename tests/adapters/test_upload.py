"""Untrusted bytes come into a folder, or do not."""

import gzip
import io
import os
import random
import shutil
import subprocess
import tracemalloc
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from molora.adapters.upload import import_folder, receive, unpack
from molora.errors import BadRequest, MoloraError
from tests.adapters.archives import FILES, HOSTILE, tarred, zipped
from tests.adapters.disks import full_disk

LIMIT = 10_000_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "incoming"
    folder.mkdir()
    return folder


def read(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def in_folder(name: str) -> dict[str, bytes]:
    return {f"{name}/{file}": content for file, content in FILES.items()}


GOOD: dict[str, Callable[[], bytes]] = {
    "zip": lambda: zipped(FILES),
    "zip stored": lambda: zipped(FILES, zipfile.ZIP_STORED),
    "zip of a folder": lambda: zipped({"my adapter/": b"", **in_folder("my adapter")}),
    "zip of a mac": lambda: zipped({**in_folder("a"), "__MACOSX/a/._x": b"x", "a/.DS_Store": b"x"}),
    "tar": lambda: tarred(FILES),
    "tar.gz": lambda: tarred(FILES, "gz"),
    "tar.bz2": lambda: tarred(FILES, "bz2"),
    "tar.xz": lambda: tarred(FILES, "xz"),
    "tar of a folder": lambda: tarred(in_folder("adapter"), "gz"),
    "tar of a mac": lambda: tarred({"./._adapter_config.json": b"x", **in_folder(".")}, "gz"),
}


@pytest.mark.parametrize("name", GOOD)
def test_an_archive_of_any_kind_gives_its_files(name: str, folder: Path) -> None:
    unpack(io.BytesIO(GOOD[name]()), folder, LIMIT)
    assert read(folder) == FILES
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in folder.iterdir())


@pytest.mark.parametrize("options", ["-cf", "-czf", "-cjf", "-cJf"])
@pytest.mark.parametrize("what", [["-C", "adapter", "."], ["adapter"]])
def test_what_the_tar_command_makes_is_taken(options: str, what: list[str], folder: Path, tmp_path: Path) -> None:
    if options == "-cjf" and not shutil.which("bzip2"):
        pytest.skip("no bzip2 here")
    (tmp_path / "adapter").mkdir()
    for name, content in FILES.items():
        (tmp_path / "adapter" / name).write_bytes(content)
    subprocess.run(["tar", options, "archive", *what], cwd=tmp_path, check=True)
    with (tmp_path / "archive").open("rb") as archive:
        unpack(archive, folder, LIMIT)
    assert read(folder) == FILES


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_archive_is_refused_and_writes_nowhere_else(name: str, folder: Path) -> None:
    make, status, phrase = HOSTILE[name]
    archive = make()
    tracemalloc.start()
    try:
        with pytest.raises(BadRequest) as refused:
            unpack(io.BytesIO(archive), folder, LIMIT)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()
    assert (refused.value.status, refused.value.param) == (status, "archive")
    assert phrase in refused.value.message
    assert refused.value.message.isprintable()
    assert str(folder.parent) not in refused.value.message
    assert [path.name for path in folder.parent.iterdir()] == ["incoming"]
    assert sum(path.stat().st_size for path in folder.iterdir()) <= LIMIT


@pytest.mark.parametrize("name", ["zip", "tar", "tar.gz", "tar.bz2", "tar.xz"])
def test_an_archive_cut_anywhere_is_refused(name: str, folder: Path) -> None:
    archive = GOOD[name]()
    for share in (0.01, 0.3, 0.7, 0.99):
        with pytest.raises(BadRequest, match="is damaged"):
            unpack(io.BytesIO(archive[: int(len(archive) * share)]), folder, LIMIT)
        shutil.rmtree(folder)
        folder.mkdir()
    if name != "tar":  # which ends with kilobytes of nothing
        with pytest.raises(BadRequest, match="is damaged"):
            unpack(io.BytesIO(archive[:-1]), folder, LIMIT)


@pytest.mark.parametrize("name", ["zip", "tar.gz", "tar.bz2", "tar.xz"])
def test_a_checksum_that_does_not_match_is_told(name: str, folder: Path) -> None:
    archive = bytearray(GOOD[name]())
    archive[archive.index(b"PK\x01\x02") + 16 if name == "zip" else -7] ^= 255
    with pytest.raises(BadRequest, match="is damaged"):
        unpack(io.BytesIO(archive), folder, LIMIT)


@pytest.mark.parametrize("name", ["zip", "tar", "tar.gz"])
def test_whatever_is_changed_in_an_archive_it_is_taken_or_refused(name: str, folder: Path) -> None:
    small = {"adapter_config.json": b"{}", "._x": b"x" * 600, "adapter_model.safetensors": b"y" * 900}
    archive = zipped(small) if name == "zip" else tarred(small)
    chance = random.Random(0)
    for _ in range(300):
        broken = bytearray(archive)
        for _ in range(chance.choice((1, 1, 4))):
            broken[chance.randrange(min(len(broken), 3000))] = chance.choice(b"\0\1\x80\xff0SxL5")
        packed = gzip.compress(broken, 1) if name == "tar.gz" else bytes(broken)
        with suppress(BadRequest):
            unpack(io.BytesIO(packed), folder, LIMIT)
        shutil.rmtree(folder)
        folder.mkdir()


def test_the_limit_is_of_bytes_written(folder: Path) -> None:
    size = sum(map(len, FILES.values()))
    for make in (zipped, tarred):
        unpack(io.BytesIO(make(FILES)), folder, size)
        assert read(folder) == FILES
        shutil.rmtree(folder)
        folder.mkdir()
        with pytest.raises(BadRequest, match="larger than") as refused:
            unpack(io.BytesIO(make(FILES)), folder, size - 1)
        assert refused.value.status == 413
        shutil.rmtree(folder)
        folder.mkdir()


def test_uploaded_files_are_copied(folder: Path) -> None:
    receive([(name, io.BytesIO(content)) for name, content in FILES.items()], folder, LIMIT)
    assert read(folder) == FILES


def test_files_of_an_uploaded_folder_lose_its_name(folder: Path) -> None:
    receive([(name, io.BytesIO(content)) for name, content in in_folder("mine").items()], folder, LIMIT)
    assert read(folder) == FILES


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../x",
        "/x",
        "a/b/c",
        "a/",
        "a\\b",
        "a\0b",
        "a\nb",
        "x" * 256,
        "é" * 128,
        "\udcff",
        "a//b",
        "./../x",
    ],
)
def test_names_that_are_no_plain_file_names_are_refused(name: str, folder: Path) -> None:
    with pytest.raises(BadRequest, match="no plain file name") as refused:
        receive([(name, io.BytesIO(b"x"))], folder, LIMIT)
    assert refused.value.param == "files"
    assert not list(folder.iterdir())


def test_uploaded_files_are_bounded_in_number_and_bytes(folder: Path) -> None:
    with pytest.raises(BadRequest, match="at most 32"):
        receive([(f"{i}.md", io.BytesIO(b"")) for i in range(33)], folder, LIMIT)
    with pytest.raises(BadRequest, match="larger than 10 bytes") as refused:
        receive([("a.json", io.BytesIO(b"x" * 6)), ("b.json", io.BytesIO(b"x" * 6))], folder, 10)
    assert (refused.value.status, refused.value.param) == (413, "files")


def test_a_file_that_is_there_is_not_written_over(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine")
    (folder / "a.json").symlink_to(tmp_path / "precious")
    with pytest.raises(MoloraError) as refused:
        receive([("a.json", io.BytesIO(b"x"))], folder, LIMIT)
    assert refused.value.status == 507
    assert (tmp_path / "precious").read_text() == "mine"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    source = tmp_path / "shared"
    source.mkdir()
    for name, content in FILES.items():
        (source / name).write_bytes(content)
    return source


def test_a_folder_at_hand_is_copied(source: Path, folder: Path) -> None:
    (source / ".DS_Store").write_text("x")
    import_folder(source, folder, LIMIT)
    assert read(folder) == FILES


SPOILT: dict[str, tuple[Callable[[Path], object], str]] = {
    "a link": (lambda path: path.symlink_to("/etc/passwd"), "is a symbolic link"),
    "a broken link": (lambda path: path.symlink_to("nowhere"), "is a symbolic link"),
    "a folder": (lambda path: path.mkdir(), "is no regular file"),
    "a pipe": (os.mkfifo, "is no regular file"),
}


@pytest.mark.parametrize("name", SPOILT)
def test_a_folder_at_hand_holds_regular_files_only(name: str, source: Path, folder: Path) -> None:
    spoil, phrase = SPOILT[name]
    spoil(source / "notes.md")
    with pytest.raises(BadRequest, match=f"'notes.md' {phrase}") as refused:
        import_folder(source, folder, LIMIT)
    assert refused.value.param == "folder"


def test_a_folder_at_hand_may_be_no_link_and_must_be_there(source: Path, folder: Path) -> None:
    (source.parent / "link").symlink_to(source)
    reasons = {"link": "is a symbolic link", "gone": "No such file", "shared/adapter_config.json": "Not a directory"}
    for name, phrase in reasons.items():
        with pytest.raises(BadRequest, match=phrase) as refused:
            import_folder(source.parent / name, folder, LIMIT)
        assert str(source.parent) not in refused.value.message
    assert not list(folder.iterdir())


def test_a_folder_at_hand_is_bounded(source: Path, folder: Path) -> None:
    with pytest.raises(BadRequest, match="larger than 1000 bytes") as refused:
        import_folder(source, folder, 1000)
    assert refused.value.status == 413


def test_a_full_disk_is_no_fault_of_the_request(folder: Path) -> None:
    with full_disk(50_000), pytest.raises(MoloraError, match="the store cannot be written: File too large") as refused:
        receive([("a.json", io.BytesIO(bytes(100_000)))], folder, LIMIT)
    assert (refused.value.status, refused.value.type) == (507, "insufficient_storage")
