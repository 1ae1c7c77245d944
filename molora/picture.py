"""A decoded picture as router and engine get it."""

import struct
import zlib

import numpy as np
from PIL import Image, ImageOps

BROKEN = (
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
"""What Pillow raises for a file that is no picture, or half of one."""


def normalise(image: Image.Image) -> Image.Image:
    """In RGB, upright, transparent pixels white. Metadata goes: vLLM would take an identity in it for the picture's
    own."""
    upright = ImageOps.exif_transpose(image)
    if upright.mode.startswith("I"):
        upright = _from_16_bits(upright)
    if upright.has_transparency_data:
        pixels = upright.convert("RGBA")
        upright = Image.alpha_composite(Image.new("RGBA", pixels.size, "white"), pixels)
    rgb = upright.convert("RGB")
    rgb.info = {}
    return rgb


def _from_16_bits(grey: Image.Image) -> Image.Image:
    """By the upper byte, which Pillow's own conversion cuts off."""
    return Image.fromarray((np.asarray(grey).astype(np.uint32) >> 8).astype(np.uint8))
