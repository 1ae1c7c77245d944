"""What surrounds a program: a title bar, tools and a status line.

All of it is drawn by chance, the same for every kind of display, so that it tells nothing of the kind.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from PIL import Image

from molora.benchmarks.displays.canvas import Area, Pen, Side
from molora.benchmarks.displays.lettering import make_word, make_words
from molora.benchmarks.displays.theme import Theme, mix
from molora.benchmarks.scenes import SIDE

Program: TypeAlias = Callable[[Pen, Area, Theme, random.Random], None]


def draw_window(program: Program, rng: random.Random) -> Image.Image:
    """A program that fills the screen: RGB, 112 x 112 pixels twice as large."""
    theme = Theme.draw(rng)
    pen = Pen(SIDE, SIDE, theme.paper)
    body, strips = pen.area, []
    for part in _PARTS:
        if rng.random() < part.share:
            strip, body = body.cut(part.side, rng.uniform(*part.sizes))
            strips.append((part.draw, strip))
    program(pen, body, theme, random.Random(rng.getrandbits(32)))
    for draw, strip in strips:
        draw(pen, strip, theme, rng)
    return pen.canvas


def draw_title(pen: Pen, strip: Area, theme: Theme, rng: random.Random) -> None:
    ground = rng.choice((theme.panel, theme.rule, theme.paper, theme.accent))
    pen.fill(strip, ground)
    left = rng.choice((strip.left + 4, strip.right - 14))
    for index in range(3):
        pen.disc((left + index * 5, strip.middle[1]), 1.5, theme.colours[index])
    pen.write(strip.middle, make_word(rng), strip.height * 0.7, mix(ground, theme.ink, 0.8), "mm")


def draw_tools(pen: Pen, strip: Area, theme: Theme, rng: random.Random) -> None:
    pen.fill(strip, rng.choice((theme.panel, theme.paper)))
    size = strip.height * 0.5
    x = strip.left + 2
    while x + size < strip.right:
        icon = Area(x, strip.top + size / 2, x + size, strip.bottom - size / 2)
        pen.fill(icon, rng.choice((theme.faint, theme.rule, *theme.colours)), rng.choice((0, size / 2)))
        x += size * rng.choice((1.5, 1.5, 3))


def draw_status(pen: Pen, strip: Area, theme: Theme, rng: random.Random) -> None:
    ground = rng.choice((theme.panel, theme.rule, theme.accent, theme.ink))
    pen.fill(strip, ground)
    ink = theme.paper if ground in (theme.accent, theme.ink) else theme.ink
    pen.write_words(strip.inset(1), make_words(rng, ink, rng.randint(1, 5)), strip.height * 0.7)


class _Part(NamedTuple):
    """`sizes` is the least and the most; `share` of the displays have it."""

    draw: Program
    side: Side
    sizes: tuple[float, float]
    share: float


_PARTS = (
    _Part(draw_title, "top", (6, 9), 0.4),
    _Part(draw_tools, "top", (6, 10), 0.2),
    _Part(draw_status, "bottom", (5, 8), 0.25),
)
