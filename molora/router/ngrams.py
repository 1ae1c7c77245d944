"""A question's words, word pairs and whole wording, hashed: the wide half of the router's head."""

import re
import zlib
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

_TOKEN = re.compile(r"\w+|[^\w\s]")
MAX_TOKENS = 64


def hash_ngrams(text: str, num_buckets: int) -> list[int]:
    """Buckets in [0, num_buckets); the same on every machine. Never empty; case and spacing do not matter."""
    words = _TOKEN.findall(text[: MAX_TOKENS * 16].lower())[:MAX_TOKENS]
    bounded = ["<", *words, ">"]
    pairs = [" ".join(pair) for pair in pairwise(bounded)]
    return [zlib.crc32(gram.encode()) % num_buckets for gram in (*words, *pairs, "= " + " ".join(words))]


def pack_ngrams(texts: Sequence[str], num_buckets: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """All buckets in one row, [sum of lengths], and where each text's begin, [len(texts)]."""
    rows = [hash_ngrams(text, num_buckets) for text in texts]
    starts = np.cumsum([0, *map(len, rows[:-1])])
    return np.concatenate(rows), starts
