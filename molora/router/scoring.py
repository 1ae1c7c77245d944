"""Texts -> what the encoder and the head make of them, whichever experts are live."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from molora.errors import ConfigError
from molora.router.encoders import Encoder, to_unit_length
from molora.router.head import Floats, Head


class Reading(NamedTuple):
    """Of one text: the head's logits [classes] and the encoder's vector [dim], of length 1."""

    logits: Floats
    vector: Floats


class Scorer:
    """Raises ConfigError for a head that was trained on another encoder."""

    def __init__(self, encoder: Encoder, head: Head) -> None:
        if encoder.digest != head.encoder_digest:
            raise ConfigError("router.head: it was trained on another encoder than router.encoder")
        self._encoder, self.head = encoder, head

    def score(self, texts: Sequence[str]) -> list[Reading]:
        """One thread at a time. Raises what the encoder raises, ValueError for NaN."""
        vectors = self._encoder.encode(texts)
        logits = self.head.logits(vectors, texts)
        if not (np.isfinite(logits).all() and np.isfinite(vectors).all()):
            raise ValueError("the encoder gave values that are not finite")
        return [Reading(*map(np.copy, pair)) for pair in zip(logits, to_unit_length(vectors), strict=True)]
