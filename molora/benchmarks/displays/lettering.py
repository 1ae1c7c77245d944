"""Words that mean nothing, and paragraphs of them."""

from __future__ import annotations

import random
from collections.abc import Iterator

from molora.benchmarks.displays.canvas import Area, Colour, Pen

_LETTERS = "etaoinshrdlucmfwypvbgk"


def make_word(rng: random.Random, longest: int = 8) -> str:
    return "".join(rng.choices(_LETTERS, k=rng.randint(2, longest)))


def make_number(rng: random.Random) -> str:
    return f"{rng.uniform(0, 10 ** rng.randint(1, 3)):.{rng.randint(0, 2)}f}"


def make_words(rng: random.Random, colour: Colour, most: int = 30) -> Iterator[tuple[str, Colour]]:
    return ((make_word(rng), colour) for _ in range(most))


def draw_paragraph(pen: Pen, area: Area, colour: Colour, size: float, rng: random.Random) -> None:
    """Full lines, the last one short."""
    rows = area.rows(size * 1.25)
    for row in rows:
        short = row.width * rng.uniform(0.3, 0.9) if row is rows[-1] else row.width
        pen.write_words(row.cut("left", short)[0], make_words(rng, colour), size)
