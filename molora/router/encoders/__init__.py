"""Queries -> features: the frozen encoder under the router's head, of one of three kinds."""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from molora.config import EncoderConfig
from molora.router.features import Features
from molora.router.fingerprint import fingerprint
from molora.router.query import Query

CHUNK = 256

OnChunk = Callable[[int, int], None]
"""Told how many queries are encoded, and how many there are."""


class Encoder(Protocol):
    """What the router needs of an encoder.

    `digest` is of all that shapes its numbers: it tells a head that was trained on another one. `looks` says whether
    pictures count, `quick` whether a question takes less than a thread would have to wait for the interpreter.
    """

    @property
    def digest(self) -> str: ...

    @property
    def looks(self) -> bool: ...

    @property
    def quick(self) -> bool: ...

    def encode(self, queries: Sequence[Query]) -> Features:
        """Of at least one query; called from one thread at a time."""
        ...


def build_encoder(section: EncoderConfig) -> Encoder:
    """Takes seconds. Raises ConfigError for a folder that holds no such model."""
    from molora.router.encoders.backbone import load_backbone
    from molora.router.encoders.looking import LookingEncoder
    from molora.router.encoders.pictures import load_eye
    from molora.router.encoders.sbert import SbertEncoder

    if section.backbone is not None:
        return load_backbone(section.backbone, section.layer)
    text = SbertEncoder(section.text) if section.text else SbertEncoder()
    return text if section.image is None else LookingEncoder(text, load_eye(section.image))


def encode_once(encoder: Encoder, queries: Sequence[Query], on_chunk: OnChunk = lambda _done, _all: None) -> Features:
    """Of all queries, at least one. Questions repeat a lot: equal ones, text and pictures, are encoded once."""
    keys = [fingerprint(query, looks=encoder.looks) for query in queries]
    unique = dict(zip(keys, queries, strict=True))
    places = {key: place for place, key in enumerate(unique)}
    rest, chunks = list(unique.values()), []
    for start in range(0, len(rest), CHUNK):
        chunks.append(encoder.encode(rest[start : start + CHUNK]))
        on_chunk(min(start + CHUNK, len(rest)), len(rest))
    features = Features(*map(np.concatenate, zip(*chunks, strict=True)))
    return features.take(np.array([places[key] for key in keys]))
