"""Keys from the environment and from a file, by whose change keys come and go while the server runs."""

import hashlib
import hmac
import logging
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from molora.errors import ConfigError

API_KEYS = "MOLORA_API_KEYS"
ADMIN_KEYS = "MOLORA_ADMIN_KEYS"
"""Comma-separated; with _FILE behind it, the name of a file with one key a line."""
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Key:
    """Only the key's digest is kept."""

    name: str
    digest: bytes


Stamp = tuple[int, int, int]
"""What tells one content of a file from another without reading it."""


class Keys:
    """Raises ConfigError for a file that cannot be read, and for an entry without a sound name or a key."""

    def __init__(self, variable: str) -> None:
        self._fixed = os.environ.get(variable, "")
        file = os.environ.get(f"{variable}_FILE")
        self._file, self._what = Path(file) if file else None, f"{variable}_FILE" if file else variable
        self._stamp = self._look()
        self._keys = self._read()

    @property
    def required(self) -> bool:
        """Keys were asked for: with a file that holds none (yet), nobody has one."""
        return self._file is not None or bool(self._keys)

    def find(self, given: bytes) -> str | None:
        """The name of the key that this is. Takes as long for any, known or not."""
        self._refresh()
        digest = hashlib.sha256(given).digest()
        matches = [key.name for key in self._keys if hmac.compare_digest(key.digest, digest)]
        return matches[0] if matches else None

    def _refresh(self) -> None:
        """A file that became unreadable or wrong changes nothing."""
        stamp = self._look()
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._keys = self._read()
            logger.info("%s: %d keys read", self._what, len(self._keys))
        except ConfigError as error:
            logger.error("%s; the keys stay as they were", error.message)

    def _look(self) -> Stamp | None:
        try:
            found = self._file and self._file.stat()
        except OSError:
            return None
        return (found.st_ino, found.st_size, found.st_mtime_ns) if found else None

    def _read(self) -> tuple[Key, ...]:
        return tuple(parse([*self._fixed.split(","), *self._lines()], self._what))

    def _lines(self) -> list[str]:
        try:
            return self._file.read_text(encoding="utf-8").splitlines() if self._file else []
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{self._what}: {self._file}: cannot be read: {error}") from None


def parse(entries: Iterable[str], what: str) -> Iterator[Key]:
    """An entry is `key` or `name:key`; those without a name are called key-1, key-2 by their place."""
    for number, entry in enumerate(filter(None, map(str.strip, entries)), 1):
        name, colon, key = entry.partition(":")
        if not colon:
            name, key = f"key-{number}", entry
        if not NAME.fullmatch(name) or not key.strip():
            raise ConfigError(f"{what}: entry {number} is neither a key nor name:key")
        yield Key(name, hashlib.sha256(key.strip().encode("utf-8", "surrogateescape")).digest())
