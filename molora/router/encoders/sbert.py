"""The text alone, by a sentence-transformers model."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from molora.compat import mend_torch_companions
from molora.errors import ConfigError
from molora.router.encoders.digest import SETTINGS, digest_folder, digest_values
from molora.router.encoders.lookup import make_lookup
from molora.router.encoders.torch_thread import one_torch_thread
from molora.router.features import Features, Floats, text_only
from molora.router.query import Query

PACKAGED = Path(__file__).parents[1] / "demo" / "encoder"
"""What `molora router distill` made of all-MiniLM-L6-v2."""
WEIGHTS = ".safetensors"


class SbertEncoder:
    """A model folder (Reimers and Gurevych 2019; static embeddings too); if none is named, the packaged one.

    Raises ConfigError for a folder that holds no such model.
    """

    looks = False

    def __init__(self, path: Path = PACKAGED) -> None:
        if not any(path.rglob(f"*{WEIGHTS}")):
            raise ConfigError(f"router.encoder.text: no {WEIGHTS} file in {path}")
        self.digest = digest_values("sbert", digest_folder(path, (WEIGHTS, *SETTINGS)))
        self._model = _load(path)
        self._lookup = make_lookup(self._model)
        self.quick = self._lookup is not None

    def encode(self, queries: Sequence[Query]) -> Features:
        texts = [query.text for query in queries]
        return text_only(self._read(texts) if self._lookup is None else self._lookup(texts))

    def _read(self, texts: Sequence[str]) -> Floats:
        with one_torch_thread():
            vectors = self._model.encode(texts, batch_size=64, show_progress_bar=False, convert_to_numpy=True)
        return np.asarray(vectors, dtype=np.float32)


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
