"""What the store does to a disk: one error for all that a disk refuses, and what lasts through a loss of power."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from molora.errors import MoloraError


@contextmanager
def writing() -> Iterator[None]:
    """Turns an OSError of the system into one that a client may read; one without errno is a decompressor's."""
    try:
        yield
    except OSError as error:
        if error.errno is None:
            raise
        message = f"the store cannot be written: {os.strerror(error.errno)}"
        raise MoloraError(message, status=507, type="insufficient_storage") from error


def sync(path: Path) -> None:
    """A file's bytes, or a folder's names, survive a loss of power from now on."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
