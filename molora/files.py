"""Files that are there whole or not at all."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from molora.errors import ConfigError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A path to write to, which takes the place of `path` unless that fails; the folder is made where there is none.

    The file has a new file's permissions, whoever writes it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.touch()
    mode = unfinished.stat().st_mode
    try:
        yield unfinished
        unfinished.chmod(mode)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


@contextmanager
def making_folder(path: Path) -> Iterator[Path]:
    """An empty folder to fill, which becomes `path` unless that fails. ConfigError where something is there already.

    Its files have new files' permissions, whoever writes them.
    """
    if path.exists():
        raise ConfigError(f"{path} exists already")
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.mkdir()
    try:
        yield unfinished
        for file in filter(Path.is_file, unfinished.rglob("*")):
            file.chmod(unfinished.stat().st_mode & 0o666)
        unfinished.rename(path)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
