"""What makes two queries one and the same to an encoder: the text, and the pictures' pixels."""

import hashlib
from typing import NamedTuple

from PIL.Image import Image

from molora.router.query import Query

Fingerprint = tuple[str, tuple[bytes, ...]]


class Asked(NamedTuple):
    """A query, and what it is known by."""

    key: Fingerprint
    query: Query


def fingerprint(query: Query, *, looks: bool) -> Fingerprint:
    """`looks`: whether the encoder looks at pictures; to one that does not, they make no difference."""
    return query.text, tuple(map(digest_picture, query.images)) if looks else ()


def digest_picture(picture: Image) -> bytes:
    shape = f"{picture.mode} {picture.width} {picture.height} ".encode()
    return hashlib.blake2b(shape + picture.tobytes(), digest_size=16).digest()
