"""PNGs and GIFs of very many small pieces are told before they are read."""

import struct
import zlib

import pytest
from PIL import Image

from molora.config import MediaConfig
from molora.errors import BadRequest
from molora.server.blocks import MAX_BLOCKS, has_too_many_blocks
from molora.server.media import decode_bytes
from tests.pictures import encode, png, png_of

RGB_8 = struct.pack(">IIBBBBB", 4, 4, 8, 2, 0, 0, 0)
PIXELS = b"IDAT" + zlib.compress(bytes(52))
NOISE = Image.effect_noise((64, 64), 90)
FRAMES = [Image.new("RGB", (64, 64), (i, 0, 0)) for i in range(200)]
GIF = encode(NOISE, "GIF")
GIF_HEAD = 13 + 3 * 256


def gif_with(*blocks: bytes) -> bytes:
    return GIF[:GIF_HEAD] + b"".join(blocks) + GIF[GIF_HEAD:]


HONEST = {
    "png": png(NOISE),
    "animated png": encode(NOISE, "PNG", save_all=True, append_images=FRAMES),
    "png in small pieces": png_of(RGB_8, PIXELS, *[b"tEXta\0b"] * (MAX_BLOCKS - 100)),
    "png with a long text": png_of(RGB_8, b"iTXta\0\0\0\0\0" + b"a" * 5_000_000, PIXELS),
    "gif": GIF,
    "gif without a palette": encode(NOISE.convert("1"), "GIF"),
    "animated gif": encode(NOISE, "GIF", save_all=True, append_images=FRAMES),
    "gif with a long comment": encode(NOISE, "GIF", comment=b"a" * 100_000),
    "other": encode(NOISE, "WEBP"),
}
HOSTILE = {
    "png texts": png_of(RGB_8, *[b"tEXta\0b"] * MAX_BLOCKS, PIXELS),
    "png unknown": png_of(RGB_8, *[b"abCd"] * MAX_BLOCKS, PIXELS),
    "png data": png_of(RGB_8, PIXELS, *[b"IDAT"] * MAX_BLOCKS),
    "png behind": png_of(RGB_8, PIXELS, *[b"tEXta\0b"] * MAX_BLOCKS),
    "gif comments": gif_with(*[b"!\xfe\1a\0"] * MAX_BLOCKS),
    "gif comment": gif_with(b"!\xfe", b"\1a" * MAX_BLOCKS, b"\0"),
    "gif controls": gif_with(*[b"!\xf9\4\0\0\0\0\0"] * MAX_BLOCKS),
    "gif nothing": gif_with(bytes(MAX_BLOCKS + 1)),
}


@pytest.mark.parametrize("data", HONEST.values(), ids=HONEST)
def test_an_honest_picture_is_served(data: bytes) -> None:
    assert not has_too_many_blocks(data)
    assert decode_bytes(data, MediaConfig(), "image").mode == "RGB"


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_a_picture_of_too_many_pieces_is_refused(data: bytes) -> None:
    assert has_too_many_blocks(data)
    with pytest.raises(BadRequest) as caught:
        decode_bytes(data, MediaConfig(), "image")
    assert (caught.value.status, caught.value.code) == (400, "image_too_large")


@pytest.mark.parametrize("data", [png(NOISE), gif_with(b"!\xfe\4abcd\0")], ids=["png", "gif"])
def test_a_cut_picture_is_read_to_its_end(data: bytes) -> None:
    for length in range(min(len(data), GIF_HEAD + 20)):
        assert not has_too_many_blocks(data[:length])
