import numpy as np
from PIL import Image, ImageFont

from molora.server.contact_sheet import LINE, MARGIN, MAX_LINES, Tile, draw_sheet, wrap


def tile(colour: str, caption: str = "1. What is it?") -> Tile:
    return Tile(Image.new("RGB", (10, 20), colour), caption, "spatial: a ball (right)", good=True)


def test_pictures_stand_twice_their_size_four_in_a_row() -> None:
    sheet = draw_sheet([tile("red")] * 4 + [tile("blue")])
    step_y = 40 + (MAX_LINES + 1) * LINE + MARGIN
    assert sheet.size == (MARGIN + 4 * (20 + MARGIN), MARGIN + 2 * step_y)
    pixels = np.asarray(sheet)
    assert (pixels[MARGIN : MARGIN + 40, MARGIN : MARGIN + 20] == (255, 0, 0)).all()
    assert tuple(pixels[MARGIN + step_y, MARGIN]) == (0, 0, 255)
    assert tuple(pixels[MARGIN + step_y, 2 * MARGIN + 20]) == (255, 255, 255)


def test_a_caption_is_written_under_its_picture() -> None:
    with_caption, without = draw_sheet([tile("red", "Words")]), draw_sheet([tile("red", "")])
    assert not np.array_equal(np.asarray(with_caption), np.asarray(without))


def test_lines_are_wrapped_at_words() -> None:
    font = ImageFont.load_default(13)
    lines = wrap("How many smiling people are left of the red box in the picture?", font, 120)
    assert " ".join(lines) == "How many smiling people are left of the red box in the picture?"
    assert len(lines) > 1
    assert all(font.getlength(line) <= 120 for line in lines)
    assert wrap("", font, 120) == []
