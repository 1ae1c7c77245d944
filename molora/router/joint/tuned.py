"""A head and the adapters that go with it, in files: a head alone, or a folder of both that stage 3 wrote."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from molora.adapters.check import digest_of
from molora.config import Config
from molora.errors import ConfigError
from molora.router.head import HEAD_FILE, Head, load_head, save_head
from molora.router.joint.adapters import Adapter, write_adapter


class Tuned(NamedTuple):
    """`adapters` are the folders of the head's experts, in their order."""

    head: Head
    adapters: Mapping[str, Path]

    def digest(self) -> str:
        """SHA-256 of all weights."""
        hashed = hashlib.sha256(repr([digest_of(folder) for folder in self.adapters.values()]).encode())
        for name, weight in sorted(self.head.weights.items()):
            hashed.update(name.encode())
            hashed.update(weight.tobytes())
        return hashed.hexdigest()


def read_tuned(path: Path, config: Config) -> Tuned:
    """The adapters of a head alone are the deployment's. Raises ConfigError for a head of experts that it has not."""
    head = load_head(path)
    if path.is_dir():
        return Tuned(head, {name: path / name for name in head.classes})
    strangers = [name for name in head.classes if name not in config.experts]
    if strangers:
        raise ConfigError(f"{path}: it routes to {strangers[0]}, which is none of the deployment's experts")
    return Tuned(head, {name: config.experts[name].adapter for name in head.classes})


def check_absent(folder: Path) -> None:
    """Raises ConfigError where `write_tuned` would meet something, before any work is done."""
    if folder.exists():
        raise ConfigError(f"{folder}: it exists already")


def write_tuned(head: Head, adapters: Mapping[str, Adapter], folder: Path) -> None:
    """A new folder, whole or not at all."""
    check_absent(folder)
    unfinished = folder.with_name(f".{folder.name}.{os.getpid()}")
    try:
        save_head(head, unfinished / HEAD_FILE)
        for name, adapter in adapters.items():
            write_adapter(adapter, unfinished / name)
        unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
