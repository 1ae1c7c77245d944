"""Admission: an adapter is checked against the backbone before the engine hears of it, since vLLM loads wrong ones."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from molora.adapters.backbone import Backbone
from molora.adapters.check_config import config_faults
from molora.adapters.check_weights import weight_faults
from molora.adapters.wording import shown
from molora.config import ADAPTER_FILES
from molora.errors import AdapterRefused

CONFIG, WEIGHTS = ADAPTER_FILES
COMPANIONS = (".json", ".md", ".txt", ".jinja")
PICKLES = (".bin", ".ckpt", ".pickle", ".pkl", ".pt", ".pth")
MAX_SHOWN = 20


class Refused(AdapterRefused):
    """`faults` has a sentence for every fault of an adapter, `message` the first of them."""

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        more = len(faults) - MAX_SHOWN
        shown_faults = [*faults[:MAX_SHOWN], *([f"and {more} more"] if more > 0 else [])]
        super().__init__("; ".join(shown_faults))


@dataclass(frozen=True)
class Checked:
    """An admitted adapter. `modules` are canonical and sorted; `num_bytes` is the size of its two files."""

    folder: Path
    digest: str
    rank: int
    modules: tuple[str, ...]
    num_bytes: int


def check_adapter(folder: Path, backbone: Backbone, *, max_rank: int, tower: bool) -> Checked:
    """Of a folder that anybody may have filled; `tower`: the engine adapts the vision tower too.

    Raises Refused with all faults at once.
    """
    with _unreadable_refused():
        faults = _entry_faults(folder)
        if any((folder / name).is_symlink() for name in ADAPTER_FILES):
            raise Refused(faults)
        return _check(folder, faults, backbone, max_rank, tower)


def check_weights(folder: Path, backbone: Backbone, *, max_rank: int, tower: bool) -> Checked:
    """Of a folder of the operator's, which may hold links and other files. Raises Refused with all faults at once."""
    with _unreadable_refused():
        return _check(folder, [], backbone, max_rank, tower)


def digest_of(folder: Path) -> str:
    """As `sha256sum adapter_config.json adapter_model.safetensors | sha256sum`: the scaling is part of an adapter."""
    lines = "".join(f"{_hash_file(folder / name)}  {name}\n" for name in ADAPTER_FILES)
    return hashlib.sha256(lines.encode()).hexdigest()


def _hash_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _unreadable_refused() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Refused([f"its files cannot be read: {error.strerror or type(error).__name__}"]) from error


def _entry_faults(folder: Path) -> list[str]:
    with os.scandir(folder) as entries:
        return [fault for entry in sorted(entries, key=lambda entry: entry.name) if (fault := _entry_fault(entry))]


def _entry_fault(entry: os.DirEntry[str]) -> str | None:
    name, suffix = shown(entry.name), Path(entry.name).suffix.lower()
    if entry.is_symlink():
        return f"{name} is a symbolic link"
    if not entry.is_file():
        return f"{name} is no regular file"
    if suffix in PICKLES:
        return f"{name} may be a pickle, which can run code when it is read: weights come as safetensors only"
    if entry.name not in ADAPTER_FILES and suffix not in COMPANIONS:
        return f"{name} is none of an adapter's files"
    return None


def _check(folder: Path, faults: list[str], backbone: Backbone, max_rank: int, tower: bool) -> Checked:
    rank: int | None = None
    modules: tuple[str, ...] = ()
    faults = [*faults, *(f"{name} is missing" for name in ADAPTER_FILES if not (folder / name).is_file())]
    if (folder / CONFIG).is_file():
        found, rank = config_faults(folder / CONFIG, backbone.names, max_rank)
        faults += found
    if (folder / WEIGHTS).is_file():
        found, modules = weight_faults(folder / WEIGHTS, rank, backbone, tower)
        faults += found
    if rank is None or faults:
        raise Refused(faults)
    num_bytes = sum((folder / name).stat().st_size for name in ADAPTER_FILES)
    return Checked(folder, digest_of(folder), rank, modules, num_bytes)
