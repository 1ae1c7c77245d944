"""Labelled questions as the head learns from them: texts, the encoder's features, and targets."""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from molora.router.encoders import CHUNK, Encoder, OnChunk, encode_once
from molora.router.encoders.fit import fit
from molora.router.features import Features, Flags, Floats
from molora.router.query import Query
from molora.router.training.data import Sample, as_targets


class Examples(NamedTuple):
    """Of n questions: `targets` [n, classes] are the experts' weights, which sum to 1."""

    texts: tuple[str, ...]
    features: Features
    targets: Floats
    classes: tuple[str, ...]

    @property
    def sole(self) -> Flags:
        """[n]: whether one expert has more than half of the weight; it is the question's own then."""
        sole: Flags = self.targets.max(axis=1) > 0.5
        return sole

    @property
    def alone(self) -> Flags:
        """[n]: whether no other expert has any weight."""
        alone: Flags = self.targets.max(axis=1) == 1
        return alone

    def take(self, rows: NDArray[np.int64]) -> "Examples":
        texts = tuple(self.texts[row] for row in rows)
        return Examples(texts, self.features.take(rows), self.targets[rows], self.classes)

    def digest(self) -> str:
        """SHA-256 of everything."""
        hashed = hashlib.sha256(repr((self.texts, self.classes)).encode())
        for array in (*self.features, self.targets):
            hashed.update(array.tobytes())
        return hashed.hexdigest()


def make_examples(samples: Sequence[Sample], classes: Sequence[str], encoder: Encoder, on_chunk: OnChunk) -> Examples:
    texts = tuple(sample.query.text for sample in samples)
    return Examples(texts, encode_samples(encoder, samples, on_chunk), as_targets(samples, classes), tuple(classes))


def encode_samples(
    encoder: Encoder, samples: Sequence[Sample], on_chunk: OnChunk = lambda _done, _all: None
) -> Features:
    """Of at least one sample. Pictures are opened for an encoder that looks at them alone, and few at a time."""
    if not encoder.looks:
        return encode_once(encoder, [sample.query for sample in samples], on_chunk)
    chunks = []
    for start in range(0, len(samples), CHUNK):
        chunk = samples[start : start + CHUNK]
        chunks.append(encode_once(encoder, [_load_small(sample) for sample in chunk]))
        on_chunk(start + len(chunk), len(samples))
    return Features(*map(np.concatenate, zip(*chunks, strict=True)))


def _load_small(sample: Sample) -> Query:
    """With pictures no larger than encoders look at."""
    query = sample.load()
    return Query(query.text, tuple(map(fit, query.images)))
