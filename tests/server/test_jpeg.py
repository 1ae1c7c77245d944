"""JPEGs that are small and take minutes are told by their segments."""

import struct

import pytest
from PIL import Image

from molora.config import MediaConfig
from molora.errors import BadRequest
from molora.server.jpeg import MAX_SEGMENTS, has_too_many_segments
from molora.server.media import decode_bytes
from tests.pictures import encode

NOISE = Image.effect_noise((64, 64), 90)
PROGRESSIVE = encode(NOISE, "JPEG", progressive=True)
SCAN = PROGRESSIVE[PROGRESSIVE.rindex(b"\xff\xda") : -2]


def segment(data: bytes, marker: bytes = b"\xff\xe1") -> bytes:
    return marker + struct.pack(">H", 2 + len(data)) + data


def with_segments(*segments: bytes) -> bytes:
    return PROGRESSIVE[:2] + b"".join(segments) + PROGRESSIVE[2:]


@pytest.mark.parametrize(
    "data",
    [
        encode(NOISE, "JPEG"),
        encode(NOISE, "JPEG", restart_marker_blocks=1),
        encode(NOISE, "JPEG", icc_profile=bytes(3_000_000)),
        PROGRESSIVE,
        PROGRESSIVE + b"\xff\xda\0\2" * 5000,
        with_segments(segment(b"\xff\xda\0\2" * 5000)),
        with_segments(*[segment(bytes(60_000))] * 200),
    ],
    ids=["plain", "restarts", "profile", "progressive", "a film behind it", "scans within metadata", "much metadata"],
)
def test_an_honest_photo_is_served(data: bytes) -> None:
    assert not has_too_many_segments(data)
    assert decode_bytes(data, MediaConfig(), "image").size == (64, 64)


@pytest.mark.parametrize(
    "data",
    [
        PROGRESSIVE[:-2] + SCAN * MAX_SEGMENTS + PROGRESSIVE[-2:],
        with_segments(*[segment(b"Exif\0\0" + bytes(10))] * MAX_SEGMENTS),
        with_segments(b"\xff\x01" * MAX_SEGMENTS),
        with_segments(*[b"\xff\x01\xff" + segment(b"Exif\0\0")] * MAX_SEGMENTS),
        with_segments(*[b"\0\0" + segment(b"", b"\xff\xff\xff\xe2")] * MAX_SEGMENTS),
    ],
    ids=["scans", "metadata", "markers", "hidden behind markers", "hidden behind filling"],
)
def test_a_photo_that_would_take_minutes_is_refused(data: bytes) -> None:
    assert has_too_many_segments(data)
    with pytest.raises(BadRequest) as caught:
        decode_bytes(data, MediaConfig(), "image")
    assert (caught.value.status, caught.value.code) == (400, "image_too_large")


@pytest.mark.parametrize("data", [b"", b"\xff\xd8", b"\xff\xd8\xff", b"\xff\xd8\xff\xe1", b"\xff\xd8\xff\xe1\xff"])
def test_a_cut_photo_is_read_to_its_end(data: bytes) -> None:
    assert not has_too_many_segments(data)
