"""The colours of a display: light or dark, any hue, some with colours of one hue alone."""

from __future__ import annotations

import colorsys
import random
from dataclasses import dataclass

from molora.benchmarks.displays.canvas import Colour

NUM_COLOURS = 5


@dataclass(frozen=True)
class Theme:
    """Ink stands out from paper, and so do the colours."""

    paper: Colour
    ink: Colour
    colours: tuple[Colour, ...]

    @staticmethod
    def draw(rng: random.Random) -> Theme:
        dark, hue = rng.random() < 0.5, rng.random()
        paper = shade(hue, rng.uniform(0, 0.6 if dark else 0.15), rng.uniform(*((0.03, 0.22) if dark else (0.85, 1))))
        ink = shade(rng.random(), rng.uniform(0, 0.3), rng.uniform(*((0.8, 1) if dark else (0, 0.25))))
        spread = 0.04 if rng.random() < 0.3 else 1.0
        values = (0.75, 1.0) if dark else (0.35, 0.75)
        hues = [hue + rng.random() * spread for _ in range(NUM_COLOURS)]
        colours = [shade(other, rng.uniform(0.3, 0.75 if dark else 0.95), rng.uniform(*values)) for other in hues]
        return Theme(paper, ink, tuple(colours))

    @property
    def accent(self) -> Colour:
        return self.colours[0]

    @property
    def faint(self) -> Colour:
        return mix(self.paper, self.ink, 0.5)

    @property
    def rule(self) -> Colour:
        return mix(self.paper, self.ink, 0.25)

    @property
    def panel(self) -> Colour:
        return mix(self.paper, self.ink, 0.1)


def shade(hue: float, saturation: float, value: float) -> Colour:
    red, green, blue = colorsys.hsv_to_rgb(hue % 1, saturation, value)
    return round(red * 255), round(green * 255), round(blue * 255)


def any_colour(rng: random.Random) -> Colour:
    return shade(rng.random(), rng.random(), rng.uniform(0.3, 1))


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """This share of the second."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue
