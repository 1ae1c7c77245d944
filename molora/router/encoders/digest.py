"""What tells one encoder's numbers from another's."""

import hashlib
import json
from pathlib import Path
from typing import Any

from molora.errors import ConfigError

SETTINGS = (".json", ".txt")
"""Of the files with a model's configuration and vocabulary."""


def digest_folder(folder: Path, suffixes: tuple[str, ...]) -> str:
    """SHA-256 of every such file below the folder and of its place there. Raises ConfigError."""
    files = sorted(file for file in folder.rglob("*") if file.suffix in suffixes)
    return digest_values(*([file.relative_to(folder).as_posix(), _digest_file(file)] for file in files))


def digest_weights(model: Any) -> str:
    """SHA-256 of a torch module's tensors, under whatever names this version of its library has them."""
    return digest_values(*sorted(_digest_tensor(tensor) for tensor in model.state_dict().values()))


def _digest_tensor(tensor: Any) -> str:
    digest = hashlib.sha256(f"{tensor.dtype} {list(tensor.shape)} ".encode())
    digest.update(tensor.flatten().numpy())
    return digest.hexdigest()


def digest_values(*values: object) -> str:
    """SHA-256 of the values, written as JSON."""
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()


def _digest_file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ConfigError(f"router.encoder: {path}: cannot be read: {error.strerror}") from None
