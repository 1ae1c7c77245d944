"""A picture's bytes, checked against the limits by their header, and decoded once."""

import base64
import binascii
from io import BytesIO

from PIL import Image

from molora.config import MediaConfig
from molora.errors import BadRequest
from molora.picture import BROKEN, normalise
from molora.server.blocks import has_too_many_blocks
from molora.server.jpeg import has_too_many_segments

JPEG_START = b"\xff\xd8"
FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
MAX_RATIO = 200
"""Of the sides, as in Qwen-VL's own processor."""
BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)


def decode_data_url(url: str, limits: MediaConfig, param: str) -> Image.Image:
    """As of `decode_bytes`; the type that the URL declares is not looked at."""
    head, comma, payload = url.partition(",")
    if not comma or not head.lower().endswith(";base64"):
        raise BadRequest("an image's data URL must be base64", param=param, code="invalid_image")
    _check_num_bytes(len(payload) // 4 * 3 - payload[-2:].count("="), limits, param)
    try:
        data = base64.b64decode(payload, validate=True)
    except (binascii.Error, ValueError):
        raise BadRequest("the image's data URL is not valid base64", param=param, code="invalid_image") from None
    return decode_bytes(data, limits, param)


def decode_bytes(data: bytes, limits: MediaConfig, param: str) -> Image.Image:
    """The first frame in RGB, upright, without metadata. Raises BadRequest, before decoding where the header tells."""
    _check_num_bytes(len(data), limits, param)
    if (data[:2] == JPEG_START and has_too_many_segments(data)) or has_too_many_blocks(data):
        raise _too_large("the image has too many scans or too much metadata", param)
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as image:
            _check_size(image.width, image.height, limits, param)
            return normalise(image)
    except BOMBS:
        raise _too_large(f"the image has more than {limits.max_pixels} pixels", param) from None
    except BROKEN:
        message = "the image is broken, or not a PNG, JPEG, WebP or GIF"
        raise BadRequest(message, param=param, code="invalid_image") from None


def _check_num_bytes(num_bytes: int, limits: MediaConfig, param: str) -> None:
    if num_bytes > limits.max_bytes:
        raise _too_large(f"the image has more than {limits.max_bytes} bytes", param)


def _check_size(width: int, height: int, limits: MediaConfig, param: str) -> None:
    if width * height > limits.max_pixels:
        raise _too_large(f"the image has {width}x{height} pixels; at most {limits.max_pixels} are served", param)
    if max(width, height) > limits.max_side:
        raise _too_large(f"the image has {width}x{height} pixels; a side has at most {limits.max_side}", param)
    if max(width, height) > MAX_RATIO * min(width, height):
        message = f"the image has {width}x{height} pixels; one side is at most {MAX_RATIO} times the other"
        raise BadRequest(message, param=param, code="invalid_image")


def _too_large(message: str, param: str) -> BadRequest:
    return BadRequest(message, param=param, code="image_too_large")
