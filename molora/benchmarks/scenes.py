"""The demo world: seeded pictures of shapes, ramps, towers and people on a 4 x 4 grid.

A cell is 28 x 28 pixels, one visual token of a Qwen2-VL with 14-pixel patches, so what is to be seen lies on the grid.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

GRID = 4
CELL = 28
SIDE = GRID * CELL
_ZOOM = 2
"""Pictures are drawn this many times larger and averaged down, which smooths their edges."""

COLOURS = {
    "red": (214, 40, 40),
    "green": (44, 160, 60),
    "blue": (40, 80, 220),
    "yellow": (240, 205, 30),
    "purple": (140, 50, 180),
    "orange": (240, 130, 30),
}
SHAPES = ("ball", "box", "cone", "star")
TEXTURES = ("plain", "striped", "dotted")
SIZES = ("small", "big")
MOODS = ("happy", "sad", "surprised")
GAZES = ("left", "right", "ahead")
LEANS = ("left", "right", "straight")
_SKINS = ((255, 219, 172), (224, 172, 105), (141, 85, 36))
_INK = (25, 25, 30)

Point = tuple[float, float]


@dataclass(frozen=True)
class Thing:
    """What one cell holds: a shape, a "ramp", a "tower" or a "person". Fields it has no use for keep their default.

    `side` is where a ramp descends to, a tower leans to or a person looks to; `colour` is a person's shirt.
    """

    row: int
    column: int
    kind: str
    colour: str
    texture: str = "plain"
    size: str = "big"
    side: str = "straight"
    mood: str = "happy"
    waving: bool = False

    @property
    def is_shape(self) -> bool:
        return self.kind in SHAPES

    @property
    def quadrant(self) -> str:
        return f"{'top' if self.row < GRID // 2 else 'bottom'} {'left' if self.column < GRID // 2 else 'right'}"


@dataclass(frozen=True)
class Scene:
    """Things by cell, in reading order, and the seed of the picture's jitter, shades and noise."""

    things: tuple[Thing, ...]
    seed: int

    @staticmethod
    def draw(rng: random.Random) -> Scene:
        """5 to 12 things: shapes, one to three people in shirts of different colours, at most a ramp and a tower."""
        cells = rng.sample([(r, c) for r in range(GRID) for c in range(GRID)], GRID * GRID)
        shirts = rng.sample(list(COLOURS), rng.randint(1, 3))
        things = [_random_person(rng, cells.pop(), shirt) for shirt in shirts]
        things += [_random_leaning(rng, cells.pop(), kind) for kind in ("ramp", "tower") if rng.random() < 0.6]
        palette = rng.sample(list(COLOURS), rng.choice((3, 4, 6)))
        shapes = rng.sample(SHAPES, rng.choice((2, 3, 4)))
        things += [_random_shape(rng, cells.pop(), palette, shapes) for _ in range(rng.randint(4, 7))]
        return Scene(tuple(sorted(things, key=lambda t: (t.row, t.column))), rng.getrandbits(32))

    def at(self, row: int, column: int) -> Thing | None:
        return next((t for t in self.things if (t.row, t.column) == (row, column)), None)

    def render(self) -> Image.Image:
        """The picture: RGB, 112 x 112, the same for the same scene."""
        rng = random.Random(self.seed)
        ground = tuple(rng.randint(205, 245) for _ in range(3))
        canvas = Image.new("RGB", (SIDE * _ZOOM, SIDE * _ZOOM), ground)
        pen = ImageDraw.Draw(canvas)
        for thing in self.things:
            _draw_thing(_Brush(pen, thing, rng), thing)
        return as_photo(canvas, _ZOOM, self.seed)


def as_photo(canvas: Image.Image, zoom: int, seed: int) -> Image.Image:
    """So many times smaller, and with noise."""
    small = np.asarray(canvas.reduce(zoom), dtype=np.float32)
    noise = np.random.default_rng(seed).normal(0.0, 4.0, small.shape)
    return Image.fromarray(np.clip(small + noise, 0, 255).astype(np.uint8))


def _random_person(rng: random.Random, cell: tuple[int, int], shirt: str) -> Thing:
    return Thing(*cell, "person", shirt, side=rng.choice(GAZES), mood=rng.choice(MOODS), waving=rng.random() < 0.5)


def _random_leaning(rng: random.Random, cell: tuple[int, int], kind: str) -> Thing:
    return Thing(*cell, kind, rng.choice(list(COLOURS)), side=rng.choice(LEANS[:2] if kind == "ramp" else LEANS))


def _random_shape(rng: random.Random, cell: tuple[int, int], palette: list[str], shapes: list[str]) -> Thing:
    return Thing(*cell, rng.choice(shapes), rng.choice(palette), rng.choice(TEXTURES), rng.choice(SIZES))


class _Brush:
    """Draws in one cell's own coordinates, 0 to 28, moved by the thing's jitter and scaled to the canvas."""

    def __init__(self, pen: ImageDraw.ImageDraw, thing: Thing, rng: random.Random) -> None:
        self._pen = pen
        self._x = thing.column * CELL + rng.uniform(-1.5, 1.5)
        self._y = thing.row * CELL + rng.uniform(-1.5, 1.5)
        self.rng = rng
        self.colour = tuple(max(0, min(255, c + rng.randint(-14, 14))) for c in COLOURS[thing.colour])

    def _at(self, x: float, y: float) -> Point:
        return (self._x + x) * _ZOOM, (self._y + y) * _ZOOM

    def polygon(self, points: list[Point], fill: tuple[int, ...]) -> None:
        self._pen.polygon([self._at(*p) for p in points], fill=fill, outline=_INK)

    def disc(self, x: float, y: float, radius: float, fill: tuple[int, ...], *, outline: bool = True) -> None:
        box = (self._at(x - radius, y - radius), self._at(x + radius, y + radius))
        self._pen.ellipse(box, fill=fill, outline=_INK if outline else None)

    def line(self, start: Point, end: Point, fill: tuple[int, ...], width: float) -> None:
        self._pen.line((self._at(*start), self._at(*end)), fill=fill, width=round(width * _ZOOM))

    def arc(self, x: float, y: float, radius: float, start: float, end: float) -> None:
        self._pen.arc(
            (self._at(x - radius, y - radius), self._at(x + radius, y + radius)), start, end, fill=_INK, width=_ZOOM
        )


def _draw_thing(brush: _Brush, thing: Thing) -> None:
    draw: Callable[[_Brush, Thing], None] = _DRAW.get(thing.kind, _draw_shape)
    draw(brush, thing)


def _draw_shape(brush: _Brush, thing: Thing) -> None:
    radius = (11.5 if thing.size == "big" else 7.0) + brush.rng.uniform(-0.6, 0.6)
    if thing.kind == "ball":
        brush.disc(14, 14, radius, brush.colour)
    else:
        brush.polygon(_outline(thing.kind, radius), brush.colour)
    mark = (255, 255, 255) if thing.colour in ("blue", "purple", "green", "red") else _INK
    if thing.texture == "striped":
        for offset in (-0.45, 0.0, 0.45):
            y = 15 + offset * radius
            half = radius * (0.34 if thing.kind == "star" else 0.5)
            brush.line((14 - half, y), (14 + half, y), mark, 1.2)
    elif thing.texture == "dotted":
        for dx, dy in ((-0.32, 0.3), (0.32, 0.3), (0.0, -0.25)):
            brush.disc(14 + dx * radius, 14.5 + dy * radius, 1.4, mark, outline=False)


def _outline(kind: str, radius: float) -> list[Point]:
    """Corners of a box, a cone or a star around the middle of the cell."""
    if kind == "box":
        half = radius * 0.88
        return [(14 - half, 14 - half), (14 + half, 14 - half), (14 + half, 14 + half), (14 - half, 14 + half)]
    if kind == "cone":
        return [(14, 14 - radius), (14 + radius, 14 + radius * 0.9), (14 - radius, 14 + radius * 0.9)]
    angles = np.arange(10) * np.pi / 5 - np.pi / 2
    reach = np.where(np.arange(10) % 2 == 0, radius * 1.1, radius * 0.48)
    return [(14 + float(d * np.cos(a)), 14.5 + float(d * np.sin(a))) for a, d in zip(angles, reach, strict=True)]


def _draw_ramp(brush: _Brush, thing: Thing) -> None:
    high, low = (24.0, 4.0) if thing.side == "left" else (4.0, 24.0)
    brush.polygon([(high, 9), (high, 25), (low, 25)], brush.colour)
    brush.disc(high + (low - high) * 0.16, 7, 4, (150, 150, 150))


def _draw_tower(brush: _Brush, thing: Thing) -> None:
    step = {"left": -4.5, "right": 4.5, "straight": 0.0}[thing.side]
    for level in range(3):
        x, y = 14 + (level - 1) * step, 25 - level * 8
        brush.polygon([(x - 5, y - 7), (x + 5, y - 7), (x + 5, y), (x - 5, y)], brush.colour)


def _draw_person(brush: _Brush, thing: Thing) -> None:
    skin = brush.rng.choice(_SKINS)
    brush.polygon([(7, 27), (9, 20), (19, 20), (21, 27)], brush.colour)
    if thing.waving:
        brush.line((20, 23), (25, 13), brush.colour, 3)
        brush.disc(25, 10, 2.5, skin)
    brush.disc(14, 11, 9, skin)
    _draw_face(brush, thing)


def _draw_face(brush: _Brush, thing: Thing) -> None:
    shift = {"left": -1.6, "right": 1.6, "ahead": 0.0}[thing.side]
    for x in (10.5, 17.5):
        brush.disc(x, 9, 2.9, (255, 255, 255))
        brush.disc(x + shift, 9, 1.5, _INK, outline=False)
    if thing.mood == "happy":
        brush.arc(14, 13, 4, 15, 165)
    elif thing.mood == "sad":
        brush.arc(14, 18.5, 4, 195, 345)
    else:
        brush.disc(14, 16, 2.2, (90, 20, 20))


_DRAW: dict[str, Callable[[_Brush, Thing], None]] = {"ramp": _draw_ramp, "tower": _draw_tower, "person": _draw_person}
