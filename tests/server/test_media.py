"""Pictures are decoded upright, opaque and without metadata; anything else is refused and never crashes."""

from contextlib import suppress
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from molora.errors import BadRequest
from molora.server.media import decode, decode_bytes
from tests.pictures import BROKEN_URLS, data_url, huge_png, png

MODES = {
    "PNG": ("RGB", "L", "P"),
    "JPEG": ("RGB", "L"),
    "WEBP": ("RGB", "L", "P"),
    "GIF": ("RGB", "L", "P"),
    "BMP": ("RGB", "L", "P"),
}


def encode(image: Image.Image, kind: str, **options: object) -> bytes:
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


@pytest.mark.parametrize(("kind", "mode"), [(kind, mode) for kind, modes in MODES.items() for mode in modes])
def test_the_usual_formats_become_rgb(kind: str, mode: str) -> None:
    image = decode(data_url(encode(Image.new("RGB", (7, 5), "white").convert(mode), kind)), "image")
    assert (image.mode, image.size) == ("RGB", (7, 5))
    assert image.getpixel((3, 2)) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparent_pixels_become_white(mode: str) -> None:
    clear = Image.new("RGBA", (4, 4), (255, 0, 0, 0)).convert(mode)
    assert decode_bytes(png(clear), "image").getpixel((0, 0)) == (255, 255, 255)


def test_a_photo_is_turned_upright_and_loses_its_metadata() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0xA420] = "0" * 32  # ImageUniqueID
    image = decode_bytes(encode(Image.new("RGB", (8, 4)), "JPEG", exif=exif), "image")
    assert image.size == (4, 8)
    assert not image.info
    assert not dict(image.getexif())


@pytest.mark.parametrize("url", BROKEN_URLS.values(), ids=BROKEN_URLS)
def test_a_broken_url_is_refused(url: object) -> None:
    with pytest.raises(BadRequest) as caught:
        decode(url, "here")
    assert caught.value.param == "here"


@pytest.mark.parametrize("side", [7100, 10_000, 50_000])
def test_too_many_pixels_are_refused_by_the_header(side: int) -> None:
    with pytest.raises(BadRequest):
        decode_bytes(huge_png(side), "image")


@given(st.binary(max_size=60), st.integers(0, 1500), st.sampled_from(sorted(MODES)))
def test_damaged_bytes_are_decoded_or_refused(noise: bytes, place: int, kind: str) -> None:
    whole = encode(Image.linear_gradient("L").resize((24, 24)), kind)
    place %= len(whole)
    damaged = whole[:place] + noise + whole[place + len(noise) :]
    with suppress(BadRequest):
        assert decode_bytes(damaged, "image").mode == "RGB"
