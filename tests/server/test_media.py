"""Pictures are decoded upright, opaque and without metadata; anything else is refused and never crashes."""

import struct
import zlib
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFile, WebPImagePlugin

from molora.config import MediaConfig
from molora.errors import BadRequest
from molora.server import media
from tests.pictures import data_url, encode, huge_gif, huge_jpeg, huge_png, huge_webp, png, png_of

LIMITS = MediaConfig()
MODES = {
    "PNG": ("RGB", "L", "P", "1"),
    "JPEG": ("RGB", "L", "CMYK"),
    "WEBP": ("RGB", "L", "P"),
    "GIF": ("RGB", "L", "P"),
}
RGB_8 = struct.pack(">IIBBBBB", 4, 4, 8, 2, 0, 0, 0)
RGB_16 = struct.pack(">IIBBBBB", 4, 4, 16, 2, 0, 0, 0)
BOMB = zlib.compress(bytes(30_000_000))


def decode(data: bytes, **limits: Any) -> Image.Image:
    return media.decode_bytes(data, MediaConfig(**limits), "image")


def refusal(data: bytes, **limits: Any) -> BadRequest:
    with pytest.raises(BadRequest) as caught:
        decode(data, **limits)
    assert (caught.value.status, caught.value.param) == (400, "image")
    return caught.value


@pytest.fixture
def undecoded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Decoding a pixel fails the test."""

    def load(_: Image.Image) -> None:
        raise AssertionError("decoded")

    for kind in (ImageFile.ImageFile, WebPImagePlugin.WebPImageFile):
        monkeypatch.setattr(kind, "load", load)


@pytest.mark.parametrize(("kind", "mode"), [(kind, mode) for kind, modes in MODES.items() for mode in modes])
def test_the_usual_formats_become_rgb(kind: str, mode: str) -> None:
    image = decode(encode(Image.new("RGB", (7, 5), "white").convert(mode), kind))
    assert (image.mode, image.size) == ("RGB", (7, 5))
    assert image.getpixel((3, 2)) == (255, 255, 255)


@pytest.mark.parametrize("declared", ["image/jpeg", "image/svg+xml", "text/plain", ""])
def test_a_data_url_goes_by_what_is_in_it(declared: str) -> None:
    image = media.decode_data_url(data_url(png(), declared), LIMITS, "image")
    assert image.getpixel((0, 0)) == (255, 0, 0)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparent_pixels_become_white(mode: str) -> None:
    clear = Image.new("RGBA", (4, 4), (255, 0, 0, 0)).convert(mode)
    assert decode(png(clear)).getpixel((0, 0)) == (255, 255, 255)


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_a_palettes_transparent_colour_becomes_white(kind: str) -> None:
    palette = Image.new("P", (4, 4), 1)
    palette.putpalette([0, 0, 0, 255, 0, 0])
    assert decode(encode(palette, kind, transparency=1)).getpixel((0, 0)) == (255, 255, 255)


def test_sixteen_bits_of_grey_keep_their_brightness() -> None:
    assert decode(png(Image.new("I;16", (4, 4), 0x80FF))).getpixel((0, 0)) == (128, 128, 128)


def test_sixteen_bits_a_colour_keep_their_brightness() -> None:
    row = b"\0" + b"\xff\xff\x80\x00\x00\x00" * 4
    assert decode(png_of(RGB_16, b"IDAT" + zlib.compress(row * 4))).getpixel((0, 0)) == (255, 128, 0)


def test_the_smallest_picture_is_served() -> None:
    assert decode(png(Image.new("RGB", (1, 1), "red"))).getpixel((0, 0)) == (255, 0, 0)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_of_an_animation_the_first_frame_is_served(kind: str) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue", "green")]
    data = encode(frames[0], kind, save_all=True, append_images=frames[1:], lossless=True)
    assert decode(data).getpixel((4, 4)) == (255, 0, 0)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photo_is_turned_upright_and_loses_its_metadata(kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0xA420] = "0" * 32  # ImageUniqueID
    image = decode(encode(Image.new("RGB", (8, 4)), kind, exif=exif))
    assert image.size == (4, 8)
    assert not image.info
    assert not dict(image.getexif())


@pytest.mark.usefixtures("undecoded")
@pytest.mark.parametrize(
    "data",
    [
        huge_png(),
        huge_png(7100),
        huge_png(10_000),
        huge_png(colours=6),
        huge_jpeg(),
        huge_gif(),
        huge_webp(),
        huge_webp(9000),
    ],
    ids=["png", "just too large", "over Pillow's own limit", "rgba", "jpeg", "gif", "webp", "webp just too large"],
)
def test_too_many_pixels_are_refused_by_the_header(data: bytes) -> None:
    assert refusal(data).code == "image_too_large"


@pytest.mark.usefixtures("undecoded")
@pytest.mark.parametrize(
    ("data", "limits", "code"),
    [
        (huge_png(20_000, 1000), {}, "image_too_large"),
        (huge_png(65, 64), {"max_pixels": 64 * 64}, "image_too_large"),
        (huge_png(65, 64), {"max_side": 64}, "image_too_large"),
        (png(), {"max_bytes": 50}, "image_too_large"),
        (huge_png(1, 5000), {}, "invalid_image"),
        (huge_png(201, 1), {}, "invalid_image"),
        (huge_png(0, 1), {}, "invalid_image"),
    ],
)
def test_a_limit_is_kept_before_decoding(data: bytes, limits: dict[str, int], code: str) -> None:
    assert refusal(data, **limits).code == code


def test_a_picture_at_its_limits_is_served() -> None:
    data = png(Image.new("RGB", (200, 1)))
    assert decode(data, max_pixels=200, max_side=200, max_bytes=len(data)).size == (200, 1)


@pytest.mark.parametrize("extra", [0, 1])
def test_base64_is_measured_before_it_is_decoded(monkeypatch: pytest.MonkeyPatch, extra: int) -> None:
    decoded: list[str] = []

    def b64decode(payload: str, **_: bool) -> bytes:
        decoded.append(payload)
        return b""

    monkeypatch.setattr("base64.b64decode", b64decode)
    for size in range(50, 53):
        with pytest.raises(BadRequest) as caught:
            media.decode_data_url(data_url(bytes(size + extra)), MediaConfig(max_bytes=size), "image")
        assert caught.value.code == ("image_too_large" if extra else "invalid_image")
    assert len(decoded) == (0 if extra else 3)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x89PNG\r\n\x1a\n",
        b"<svg xmlns='http://www.w3.org/2000/svg' width='1' height='1'/>",
        b"%PDF-1.7\n%%EOF",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        encode(Image.new("RGB", (9, 9)), "BMP"),
        encode(Image.new("RGB", (9, 9)), "TIFF"),
        encode(Image.new("RGB", (16, 16)), "ICO"),
        encode(Image.new("RGB", (9, 9)), "PPM"),
        png(Image.effect_noise((64, 64), 90))[:-600],
        encode(Image.effect_noise((64, 64), 90), "JPEG")[:-600],
        encode(Image.effect_noise((64, 64), 90), "WEBP")[:-600],
        encode(Image.effect_noise((64, 64), 90), "GIF")[:-600],
        png_of(RGB_8, b"zTXtComment\0\0" + BOMB, b"IDAT" + zlib.compress(bytes(52))),
        png_of(RGB_8, b"iTXtComment\0\1\0\0\0" + BOMB, b"IDAT" + zlib.compress(bytes(52))),
        png_of(RGB_8, b"iCCPicc\0\0" + BOMB, b"IDAT" + zlib.compress(bytes(52))),
        png_of(RGB_8, b"IDAT" + zlib.compress(bytes(52))[:-8] + b"garbage!"),
        png_of(RGB_8),
    ],
    ids=[
        *("empty", "signature", "svg", "pdf", "eps", "bmp", "tiff", "ico", "ppm", "cut png", "cut jpeg", "cut webp"),
        *("cut gif", "zTXt bomb", "iTXt bomb", "iCCP bomb", "bad data", "no data"),
    ],
)
def test_what_is_no_whole_picture_is_refused(data: bytes) -> None:
    assert refusal(data).code == "invalid_image"


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_a_large_colour_profile_does_no_harm(kind: str) -> None:
    image = decode(encode(Image.new("RGB", (8, 8), "white"), kind, icc_profile=bytes(3_000_000)))
    assert image.getpixel((0, 0)) == (255, 255, 255)
    assert not image.info


def test_pixels_beyond_the_header_are_not_inflated() -> None:
    assert decode(png_of(RGB_8, b"IDAT" + BOMB)).size == (4, 4)


@given(st.binary(max_size=60), st.integers(0, 1500), st.sampled_from(sorted(MODES)))
def test_damaged_bytes_are_decoded_or_refused(noise: bytes, place: int, kind: str) -> None:
    whole = encode(Image.linear_gradient("L").resize((24, 24)), kind)
    place %= len(whole)
    damaged = whole[:place] + noise + whole[place + len(noise) :]
    with suppress(BadRequest):
        assert decode(damaged).mode == "RGB"
