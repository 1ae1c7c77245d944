"""Untrusted files come into a fresh folder: plain names, bounded in number and in the bytes that are really written."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from molora.adapters.disk import writing
from molora.adapters.wording import shown
from molora.errors import BadRequest

MAX_ENTRIES = 32
CHUNK = 1 << 18
EXCLUSIVE = os.O_WRONLY | os.O_CREAT | os.O_EXCL


class Intake:
    """Takes the entries of one adapter, all side by side or all in one top folder; `param` is who brought them."""

    def __init__(self, folder: Path, max_bytes: int, param: str) -> None:
        self._folder, self._max_bytes, self._param = folder, max_bytes, param
        self._names: set[str] = set()
        self._top: list[str] | None = None
        self._num_entries = self._num_bytes = 0

    def take(self, path: str, source: IO[bytes]) -> None:
        """Raises BadRequest, with status 413 for too many bytes; what macOS adds to archives is read and dropped."""
        parts = self._enter(path)
        chunks = self._chunks(source)
        if _is_junk(parts):
            for _ in chunks:
                pass
            return
        self._check_place(path, parts)
        with writing(), os.fdopen(os.open(self._folder / parts[-1], EXCLUSIVE, 0o600), "wb") as file:
            file.writelines(chunks)

    def pass_folder(self, path: str) -> None:
        """An entry that is a folder: the top one, or one of macOS, and no other."""
        parts = self._enter(path)
        if not _is_junk(parts) and (len(parts) > 1 or not (parts[0] == "." or _is_plain(parts[0]))):
            raise self.refusal(f"{shown(path)} is a folder within the adapter's folder")

    def refusal(self, message: str, status: int = 400) -> BadRequest:
        """The error that names the part of the request at fault."""
        return BadRequest(message, param=self._param, status=status)

    def _enter(self, path: str) -> list[str]:
        self._num_entries += 1
        if self._num_entries > MAX_ENTRIES:
            raise self.refusal(f"an adapter has at most {MAX_ENTRIES} files")
        return path.removeprefix("./").split("/")

    def _check_place(self, path: str, parts: list[str]) -> None:
        if len(parts) > 2 or not all(_is_plain(part) for part in parts):
            raise self.refusal(f"{shown(path)} is no plain file name")
        if self._top not in (None, parts[:-1]):
            raise self.refusal("the files do not lie in one folder")
        if parts[-1].casefold() in self._names:
            raise self.refusal(f"{shown(parts[-1])} is there twice")
        self._top = parts[:-1]
        self._names.add(parts[-1].casefold())

    def _chunks(self, source: IO[bytes]) -> Iterator[bytes]:
        while chunk := source.read(CHUNK):
            self._num_bytes += len(chunk)
            if self._num_bytes > self._max_bytes:
                raise self.refusal(f"the files are larger than {self._max_bytes} bytes", status=413)
            yield chunk


def _is_junk(parts: list[str]) -> bool:
    return parts[0] == "__MACOSX" or parts[-1] == ".DS_Store" or parts[-1].startswith("._")


def _is_plain(part: str) -> bool:
    return part not in ("", ".", "..") and part.isprintable() and "\\" not in part and len(part.encode()) <= 255
