"""A picture of any size, as encoders get it: their work for it is bounded, and none is too thin to be seen."""

from PIL.Image import Image, Resampling

MAX_PIXELS = 448 * 448
MAX_RATIO = 8
"""Of the long side to the short one; a picture beyond is squeezed."""
MIN_SIDE = 28


def fit(picture: Image) -> Image:
    """RGB, within the bounds above. A picture that fits already is left as it is: fitting twice changes nothing."""
    rgb = picture if picture.mode == "RGB" else picture.convert("RGB")
    size = fit_size(*rgb.size)
    return rgb if size == rgb.size else rgb.resize(size, Resampling.BICUBIC, reducing_gap=2.0)


def fit_size(width: int, height: int) -> tuple[int, int]:
    """Of a picture with these sides, both at least 1."""
    wide, high = max(width, height / MAX_RATIO), max(height, width / MAX_RATIO)
    scale = min(1.0, (MAX_PIXELS / (wide * high)) ** 0.5)
    scale = max(scale, MIN_SIDE / min(wide, high))
    return int(wide * scale + 1e-6), int(high * scale + 1e-6)
