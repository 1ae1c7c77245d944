"""What outlives the server: immutable adapters under their digests, and the journal of the live experts.

`adapters/<digest>/` has an adapter's two files, `incoming/` what is not admitted yet, `experts.json` is the journal.
"""

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Annotated, Literal

from pydantic import StringConstraints

from molora.adapters.check import Checked, digest_of
from molora.adapters.disk import sync, writing
from molora.config import ADAPTER_FILES, ExpertName, ExpertProfile, Section
from molora.errors import ConfigError

VERSION = 1


class StoredExpert(ExpertProfile):
    """An expert and the digest of its adapter."""

    digest: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class _Journal(Section):
    version: Literal[1]
    experts: dict[ExpertName, StoredExpert]


class Store:
    """One server's at a time. What cannot be written raises MoloraError with status 507 and changes nothing."""

    def __init__(self, folder: Path) -> None:
        """Raises ConfigError where another server has the folder, or it cannot be written."""
        self._folder = folder
        self._adapters, self._incoming = folder / "adapters", folder / "incoming"
        try:
            self._adapters.mkdir(parents=True, exist_ok=True)
            self._lock = _lock(folder / "lock")
            shutil.rmtree(self._incoming, ignore_errors=True)
            self._incoming.mkdir(exist_ok=True)
        except BlockingIOError:
            raise ConfigError(f"store.folder: another server is using {folder}") from None
        except OSError as error:
            raise ConfigError(f"store.folder: {folder} cannot be written: {error.strerror}") from None

    def close(self) -> None:
        """Lets another server have the folder. May be called twice."""
        self._lock.close()

    def experts(self) -> dict[str, StoredExpert]:
        """The last set written; none yet is empty. Raises ConfigError for a journal that cannot be read."""
        journal = self._folder / "experts.json"
        try:
            return dict(_Journal.model_validate(json.loads(journal.read_bytes())).experts)
        except FileNotFoundError:
            return {}
        except (OSError, RecursionError, ValueError) as error:
            raise ConfigError(f"{journal}: not a journal of this version of Molora: {error}") from None

    def write(self, experts: Mapping[str, StoredExpert]) -> None:
        """Puts a new set in place; a crash at any instant leaves the old one or this."""
        values = {name: expert.model_dump() for name, expert in experts.items()}
        text = json.dumps({"version": VERSION, "experts": values}, indent=1)
        with self.incoming() as scratch, writing():
            (scratch / "experts.json").write_text(text, encoding="utf-8")
            sync(scratch / "experts.json")
            (scratch / "experts.json").replace(self._folder / "experts.json")
            sync(self._folder)

    @contextmanager
    def incoming(self) -> Iterator[Path]:
        """A fresh folder for what is not admitted yet; it is gone afterwards, whatever happened."""
        with writing():
            folder = Path(tempfile.mkdtemp(dir=self._incoming))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def path(self, digest: str) -> Path:
        """Where the adapter is, or would be."""
        return self._adapters / digest

    def keep(self, checked: Checked) -> Path:
        """Moves the two files of an admitted adapter out of its folder of `incoming`, all or nothing.

        What was kept of it already stays, or goes where it was damaged.
        """
        path = self.path(checked.digest)
        if path.is_dir():
            if _is_whole(path):
                return path
            self._discard([path])
        with self.incoming() as scratch, writing():
            for name in ADAPTER_FILES:
                (checked.folder / name).rename(scratch / name)
                (scratch / name).chmod(0o444)
                sync(scratch / name)
            sync(scratch)
            scratch.rename(path)
            sync(self._adapters)
        return path

    def sweep(self, digests: Collection[str]) -> None:
        """Removes every adapter but these."""
        with writing():
            self._discard([path for path in self._adapters.iterdir() if path.name not in digests])

    def _discard(self, paths: Iterable[Path]) -> None:
        with self.incoming() as scratch, writing():
            for path in paths:
                # By a rename, so that a crash never leaves half an adapter under its digest.
                path.rename(scratch / path.name)
            sync(self._adapters)


def _is_whole(path: Path) -> bool:
    try:
        return digest_of(path) == path.name
    except OSError:
        return False


def _lock(path: Path) -> IO[str]:
    """Holds the lock until it is closed, here and in every child forked meanwhile."""
    file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise
    return file
