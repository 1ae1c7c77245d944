"""What displays are drawn with: areas that are cut into strips and rows, and a pen. All sizes are picture pixels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Literal, NamedTuple, TypeAlias

from PIL import Image, ImageDraw, ImageFont

ZOOM = 2
"""Pictures are drawn this many times larger and averaged down, which smooths their edges."""

Colour: TypeAlias = tuple[int, int, int]
Point: TypeAlias = tuple[float, float]
Side: TypeAlias = Literal["left", "top", "right", "bottom"]
Font: TypeAlias = ImageFont.FreeTypeFont | ImageFont.ImageFont


class Area(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def middle(self) -> Point:
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def inset(self, by: float) -> Area:
        return Area(self.left + by, self.top + by, self.right - by, self.bottom - by)

    def cut(self, side: Side, size: float) -> tuple[Area, Area]:
        """The strip of this size along that side, and the rest."""
        left, top, right, bottom = self
        match side:
            case "left":
                return self._replace(right=left + size), self._replace(left=left + size)
            case "top":
                return self._replace(bottom=top + size), self._replace(top=top + size)
            case "right":
                return self._replace(left=right - size), self._replace(right=right - size)
            case "bottom":
                return self._replace(top=bottom - size), self._replace(bottom=bottom - size)

    def part(self, left: float, top: float, right: float, bottom: float) -> Area:
        """The area between these shares of the width and of the height."""
        return Area(*self.at(left, top), *self.at(right, bottom))

    def at(self, across: float, down: float) -> Point:
        return self.left + across * self.width, self.top + down * self.height

    def rows(self, height: float) -> list[Area]:
        """As many as fit, from the top."""
        tops = [self.top + index * height for index in range(int(self.height / height))]
        return [Area(self.left, top, self.right, top + height) for top in tops]


class Pen:
    """Draws on a canvas of its own, so nothing reaches beyond it."""

    def __init__(self, width: int, height: int, ground: Colour) -> None:
        self.area = Area(0, 0, width, height)
        self.canvas = Image.new("RGB", (width * ZOOM, height * ZOOM), ground)
        self._draw = ImageDraw.Draw(self.canvas)

    def fill(self, area: Area, colour: Colour | None, radius: float = 0, outline: Colour | None = None) -> None:
        left, top, right, bottom = (edge * ZOOM for edge in area)
        box = (left, top, max(left, right - 1), max(top, bottom - 1))
        self._draw.rounded_rectangle(box, radius * ZOOM, colour, outline)

    def line(self, points: Sequence[Point], colour: Colour, width: float = 0.5) -> None:
        self._draw.line(_zoomed(points), colour, round(width * ZOOM))

    def polygon(self, points: Sequence[Point], colour: Colour) -> None:
        self._draw.polygon(_zoomed(points), colour)

    def disc(self, middle: Point, radius: float, colour: Colour) -> None:
        self._draw.circle((middle[0] * ZOOM, middle[1] * ZOOM), radius * ZOOM, colour)

    def slice(self, middle: Point, radius: float, degrees: tuple[float, float], colour: Colour) -> None:
        (x, y), reach = middle, radius * ZOOM
        box = (x * ZOOM - reach, y * ZOOM - reach, x * ZOOM + reach, y * ZOOM + reach)
        self._draw.pieslice(box, *degrees, fill=colour)

    def write(self, spot: Point, text: str, size: float, colour: Colour, anchor: str = "lm") -> None:
        """`anchor` is Pillow's."""
        font = _load_font(round(size * ZOOM))
        self._draw.text((spot[0] * ZOOM, spot[1] * ZOOM), text, colour, font, anchor)

    def write_words(self, row: Area, words: Iterable[tuple[str, Colour]], size: float) -> float:
        """From the left, until one does not fit; returns where the last of them ends."""
        x, (_, y) = row.left, row.middle
        for word, colour in words:
            width = _load_font(round(size * ZOOM)).getlength(word) / ZOOM
            if x + width > row.right:
                break
            self.write((x, y), word, size, colour)
            x += width + size * 0.3
        return x


def _zoomed(points: Sequence[Point]) -> list[Point]:
    return [(x * ZOOM, y * ZOOM) for x, y in points]


@cache
def _load_font(size: int) -> Font:
    return ImageFont.load_default(size)
