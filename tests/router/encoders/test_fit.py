import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from molora.router.encoders.fit import MAX_PIXELS, MAX_RATIO, MIN_SIDE, fit, fit_size

SIDES = st.integers(1, 100_000)


@given(SIDES, SIDES)
def test_any_size_is_brought_within_the_bounds_and_then_left_alone(width: int, height: int):
    size = fit_size(width, height)
    assert math.prod(size) <= MAX_PIXELS
    assert min(size) >= MIN_SIDE
    assert max(size) <= MAX_RATIO * (min(size) + 1)
    assert fit_size(*size) == size


@pytest.mark.parametrize("size", [(112, 112), (448, 448), (300, 50), (28, 28)])
def test_a_picture_within_the_bounds_is_not_touched(size: tuple[int, int]):
    picture = Image.new("RGB", size)
    assert fit(picture) is picture


def test_a_large_picture_keeps_its_shape_and_what_it_shows():
    picture = Image.linear_gradient("L").resize((4000, 2000))
    fitted = fit(picture)
    assert fitted.mode == "RGB"
    assert fitted.width / fitted.height == pytest.approx(2, rel=0.01)
    top, bottom = (fitted.getpixel((fitted.width // 2, y)) for y in (0, fitted.height - 1))
    assert top[0] < 5  # type: ignore[index]  # RGB
    assert bottom[0] > 250  # type: ignore[index]
