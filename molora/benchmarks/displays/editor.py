"""A text editor: numbered lines of code, indented and coloured."""

from __future__ import annotations

import random
from collections.abc import Iterator

from molora.benchmarks.displays.canvas import Area, Colour, Pen
from molora.benchmarks.displays.lettering import make_word
from molora.benchmarks.displays.theme import Theme

_DEEPEST = 4


def draw_editor(pen: Pen, area: Area, theme: Theme, rng: random.Random) -> None:
    height = rng.uniform(5.5, 8)
    gutter, code = area.cut("left", height * rng.uniform(1.2, 1.8))
    pen.fill(gutter, theme.panel)
    if rng.random() < 0.3:
        strip, code = code.cut("right", rng.uniform(8, 14))
        _draw_map(pen, strip, theme, rng)
    first, level, rows = rng.choice((1, rng.randint(1, 80))), 0, code.rows(height)
    marked = rng.randrange(len(rows)) if rng.random() < 0.5 else None
    for index, row in enumerate(rows[: round(len(rows) * rng.uniform(0.7, 1))]):
        if index == marked:
            pen.fill(row, theme.panel)
        number = (gutter.right - 1, row.middle[1])
        pen.write(number, str(first + index), height * 0.7, theme.faint, "rm")
        level = min(_DEEPEST, max(0, level + rng.choice((-1, 0, 0, 1))))
        if rng.random() < 0.88:
            indented = row.cut("left", 1 + level * height * 0.7)[1]
            pen.write_words(indented, _draw_line(theme, rng), height * 0.85)


def _draw_line(theme: Theme, rng: random.Random) -> Iterator[tuple[str, Colour]]:
    """Words of code, or a comment in one colour."""
    num, comment = rng.randint(1, 5), rng.random() < 0.15
    for _ in range(num):
        word = make_word(rng) + rng.choice(("", "", "(", ":", " =", ";", "()"))
        yield word, theme.faint if comment else rng.choice((theme.ink, *theme.colours[:3]))


def _draw_map(pen: Pen, strip: Area, theme: Theme, rng: random.Random) -> None:
    """The whole text, tiny."""
    pen.fill(strip, theme.panel)
    for row in strip.inset(1).rows(1.5)[: rng.randint(10, 70)]:
        start = rng.choice((0, 0.1, 0.2))
        pen.line([row.at(start, 0.5), row.at(start + rng.uniform(0, 0.7), 0.5)], theme.faint)
