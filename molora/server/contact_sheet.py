"""Pictures with their captions on one sheet, to be looked at."""

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

ZOOM = 2
COLUMNS = 4
MARGIN = 12
LINE = 16
MAX_LINES = 3
FONT_SIZE = 13
PAPER, INK, GOOD, BAD = "white", "#222222", "#1a7f37", "#c62828"

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@dataclass(frozen=True)
class Tile:
    """A picture, a caption under it, and a last line that is green where `good`."""

    picture: Image.Image
    caption: str
    verdict: str
    good: bool


def draw_sheet(tiles: Sequence[Tile]) -> Image.Image:
    """Four tiles a row, every picture twice its size."""
    width = ZOOM * max(tile.picture.width for tile in tiles)
    height = ZOOM * max(tile.picture.height for tile in tiles) + (MAX_LINES + 1) * LINE
    columns = min(COLUMNS, len(tiles))
    rows = -(-len(tiles) // columns)
    sheet = Image.new("RGB", (MARGIN + columns * (width + MARGIN), MARGIN + rows * (height + MARGIN)), PAPER)
    for index, tile in enumerate(tiles):
        row, column = divmod(index, columns)
        _draw_tile(sheet, tile, MARGIN + column * (width + MARGIN), MARGIN + row * (height + MARGIN))
    return sheet


def _draw_tile(sheet: Image.Image, tile: Tile, x: int, y: int) -> None:
    picture = tile.picture.resize((ZOOM * tile.picture.width, ZOOM * tile.picture.height), Image.Resampling.NEAREST)
    sheet.paste(picture, (x, y))
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(FONT_SIZE)
    y += picture.height + 4
    for line in wrap(tile.caption, font, picture.width)[:MAX_LINES]:
        pen.text((x, y), line, INK, font)
        y += LINE
    pen.text((x, y), tile.verdict, GOOD if tile.good else BAD, font)


def wrap(text: str, font: Font, width: int) -> list[str]:
    """Lines no wider than `width` pixels, a single long word aside."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and font.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
