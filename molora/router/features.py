"""What an encoder makes of queries: the numbers the router's head reads."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]


class Features(NamedTuple):
    """Of n queries: `text` [n, text_dim], `image` [n, image_dim], and `seen` [n], whether there was a picture.

    `image_dim` is 0 where the encoder looks at no pictures; a query without any has zeros there.
    """

    text: Floats
    image: Floats
    seen: Flags

    def take(self, rows: NDArray[np.int64]) -> "Features":
        return Features(self.text[rows], self.image[rows], self.seen[rows])


def text_only(vectors: Floats) -> Features:
    """Of vectors [n, text_dim], by an encoder that looks at no pictures."""
    num = len(vectors)
    return Features(vectors, np.zeros((num, 0), dtype=np.float32), np.zeros(num, dtype=np.bool_))
