"""Queries -> what the encoder and the head make of them, whichever experts are live."""

from collections.abc import Sequence
from typing import NamedTuple

from molora.errors import ConfigError
from molora.router.encoders import Encoder
from molora.router.features import Floats
from molora.router.head import Head
from molora.router.layers import is_finite, to_unit_length
from molora.router.query import Query
from molora.router.typicality import nearness, typicality


class Reading(NamedTuple):
    """Of one query: the head's logits [classes], and the encoder's vector of its text [text_dim], of length 1.

    `typicality` is about the share of the trained experts' own questions that are no more typical than this one.
    """

    logits: Floats
    vector: Floats
    typicality: float


def check_encoder(encoder: Encoder, head: Head) -> None:
    """Raises ConfigError for a head that was trained on another encoder."""
    if encoder.digest != head.encoder_digest:
        raise ConfigError("router.head: it was trained on another encoder than router.encoder")


class Scorer:
    """Raises ConfigError as `check_encoder` does."""

    def __init__(self, encoder: Encoder, head: Head) -> None:
        check_encoder(encoder, head)
        self._encoder, self.head = encoder, head

    @property
    def looks(self) -> bool:
        """Whether pictures make a difference."""
        return self._encoder.looks

    @property
    def quick(self) -> bool:
        """Whether the event loop may wait for it."""
        return self._encoder.quick

    def score(self, queries: Sequence[Query]) -> list[Reading]:
        """One thread at a time. Raises what the encoder raises, ValueError for NaN."""
        features = self._encoder.encode(queries)
        logits = self.head.logits(features, [query.text for query in queries])
        if not (is_finite(logits) and is_finite(features.text)):
            raise ValueError("the encoder gave values that are not finite")
        vectors = to_unit_length(features.text)
        typical = typicality(nearness(vectors, self.head.weights["known"]), self.head.weights["held"])
        rows = zip(logits, vectors, typical, strict=True)
        return [Reading(row.copy(), vector.copy(), float(share)) for row, vector, share in rows]
