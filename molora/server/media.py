"""A picture of a request, checked and decoded once: nothing later fetches or decodes it again."""

import base64
import binascii
import struct
import zlib
from io import BytesIO
from typing import Any

from PIL import Image, ImageOps

from molora.errors import BadRequest

MAX_PIXELS = 50_000_000
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)
BROKEN = (
    *BOMBS,
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    EOFError,
    OverflowError,
    struct.error,
    zlib.error,
)


def decode(url: Any, param: str) -> Image.Image:
    """A data URL's picture, as of `decode_bytes`. Raises BadRequest for any other URL."""
    return decode_bytes(_read_data_url(url, param), param)


def decode_bytes(data: bytes, param: str) -> Image.Image:
    """RGB pixels, upright and without metadata. Raises BadRequest, before decoding where the header tells."""
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as image:
            _check_size(image, param)
            return _normalise(image)
    except BROKEN:
        raise BadRequest("the image is broken or of no known format", param=param, code="invalid_image") from None


def _read_data_url(url: Any, param: str) -> bytes:
    if not isinstance(url, str) or not url:
        raise BadRequest("an image needs a url", param=param, code="invalid_image")
    head, comma, payload = url.partition(",")
    if not head[:5].lower() == "data:":
        raise BadRequest(
            "only data URLs are served; http, https and file URLs are not fetched",
            param=param,
            code="invalid_image_url",
        )
    if not comma or not head.lower().endswith(";base64"):
        raise BadRequest("an image's data URL must be base64", param=param, code="invalid_image")
    try:
        return base64.b64decode(payload, validate=True)
    except (binascii.Error, ValueError):
        raise BadRequest("the image's data URL is not valid base64", param=param, code="invalid_image") from None


def _check_size(image: Image.Image, param: str) -> None:
    if image.width * image.height > MAX_PIXELS:
        message = f"the image has {image.width}x{image.height} pixels; at most {MAX_PIXELS} are served"
        raise BadRequest(message, param=param, code="image_too_large")


def _normalise(image: Image.Image) -> Image.Image:
    """Transparent pixels become white. Metadata goes: vLLM would take an identity in it for the picture's own."""
    upright = ImageOps.exif_transpose(image)
    if upright.has_transparency_data:
        pixels = upright.convert("RGBA")
        upright = Image.alpha_composite(Image.new("RGBA", pixels.size, "white"), pixels)
    rgb = upright.convert("RGB")
    rgb.info = {}
    return rgb
