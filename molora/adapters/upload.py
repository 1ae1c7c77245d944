"""How an adapter comes: as the files of its folder, as one archive, or from a folder that the operator shares."""

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from molora.adapters.archive import unpack_into
from molora.adapters.intake import Intake
from molora.adapters.wording import shown
from molora.errors import BadRequest

UNFOLLOWED = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
"""A link is not followed, and a pipe is not waited for."""


def receive(files: Sequence[tuple[str, BinaryIO]], folder: Path, max_bytes: int) -> None:
    """Copies named files into `folder`, which is empty. Raises BadRequest, with status 413 for too many bytes."""
    intake = Intake(folder, max_bytes, "files")
    for name, source in files:
        intake.take(name, source)


def unpack(archive: BinaryIO, folder: Path, max_bytes: int) -> None:
    """Unpacks a zip or tar, the latter compressed or not, into `folder`, which is empty. Raises as `receive` does."""
    unpack_into(Intake(folder, max_bytes, "archive"), archive)


def import_folder(source: Path, folder: Path, max_bytes: int) -> None:
    """Copies a folder's files into `folder`, which is empty; nothing in `source`, nor itself, may be a link.

    Raises as `receive` does.
    """
    intake = Intake(folder, max_bytes, "folder")
    with _opened(source, os.O_DIRECTORY) as parent, os.scandir(parent) as entries:
        for entry in entries:
            with _opened(entry.name, 0, parent) as descriptor:
                _take_open(intake, entry.name, descriptor)


def _take_open(intake: Intake, name: str, descriptor: int) -> None:
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise intake.refusal(f"{shown(name)} is no regular file")
    with os.fdopen(descriptor, "rb", closefd=False) as file:
        intake.take(name, file)


@contextmanager
def _opened(path: Path | str, flags: int, parent: int | None = None) -> Iterator[int]:
    name = shown(Path(path).name)
    try:
        if stat.S_ISLNK(os.stat(path, dir_fd=parent, follow_symlinks=False).st_mode):
            raise BadRequest(f"{name} is a symbolic link", param="folder")
        descriptor = os.open(path, UNFOLLOWED | flags, dir_fd=parent)
    except OSError as error:
        raise BadRequest(f"{name} cannot be read: {error.strerror}", param="folder") from None
    try:
        yield descriptor
    finally:
        os.close(descriptor)
