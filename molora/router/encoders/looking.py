"""The text by one model, the pictures by another, side by side."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from molora.router.encoders import Encoder, encode_once
from molora.router.encoders.digest import digest_values
from molora.router.encoders.fit import MAX_PIXELS, MAX_RATIO, MIN_SIDE, fit
from molora.router.encoders.pictures import Eye
from molora.router.encoders.torch_thread import one_torch_thread
from molora.router.features import Features, Flags, Floats
from molora.router.fingerprint import digest_picture
from molora.router.query import Query

BATCH = 8


class LookingEncoder:
    """Several pictures of a query count as their mean. Each picture is looked at once, however many queries show it,
    and each text is read once."""

    looks, quick = True, False

    def __init__(self, text: Encoder, eye: Eye) -> None:
        self._text, self._eye = text, eye
        self.digest = digest_values("looking", text.digest, eye.digest, MAX_PIXELS, MAX_RATIO, MIN_SIDE)
        self._dim = len(self._look([fit(Image.new("RGB", (1, 1)))])[0])

    def encode(self, queries: Sequence[Query]) -> Features:
        with one_torch_thread():
            image, seen = self._look_each(queries)
        return Features(encode_once(self._text, queries).text, image, seen)

    def _look_each(self, queries: Sequence[Query]) -> tuple[Floats, Flags]:
        pictures: dict[bytes, Image.Image] = {}
        rows: list[list[bytes]] = []
        for query in queries:
            fitted = {digest_picture(picture): picture for picture in map(fit, query.images)}
            pictures |= fitted
            rows.append(list(fitted))
        vectors = dict(zip(pictures, self._look(list(pictures.values())), strict=True))
        image = np.zeros((len(queries), self._dim), dtype=np.float32)
        for row, keys in zip(image, rows, strict=True):
            if keys:
                row[:] = np.mean([vectors[key] for key in keys], axis=0)
        return image, np.array([bool(keys) for keys in rows])

    def _look(self, pictures: Sequence[Image.Image]) -> list[Floats]:
        starts = range(0, len(pictures), BATCH)
        return [vector for start in starts for vector in self._eye.look(pictures[start : start + BATCH])]
