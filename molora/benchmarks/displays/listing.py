"""A list of mail or of files: a row for each, with a mark, a name and a date."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from molora.benchmarks.displays.canvas import Area, Colour, Pen
from molora.benchmarks.displays.lettering import draw_paragraph, make_word, make_words
from molora.benchmarks.displays.theme import Theme, mix

_Mark: TypeAlias = Callable[[Pen, Area, Colour], None]


@dataclass(frozen=True)
class _Looks:
    """What all rows share."""

    mark: _Mark
    size: float
    is_tall: bool
    is_ruled: bool
    theme: Theme


def draw_listing(pen: Pen, area: Area, theme: Theme, rng: random.Random) -> None:
    mark = rng.choice((_draw_face, _draw_box, _draw_envelope, _draw_folder))
    looks = _Looks(mark, rng.uniform(4.5, 6.5), rng.random() < 0.5, rng.random() < 0.7, theme)
    if rng.random() < 0.2:
        opened, area = area.cut("right", area.width * rng.uniform(0.35, 0.5))
        pen.fill(opened, theme.panel)
        draw_paragraph(pen, opened.inset(3), theme.ink, looks.size, rng)
    rows = area._replace(bottom=area.bottom + looks.size).rows(looks.size * (2.6 if looks.is_tall else 1.7))
    chosen = rng.randrange(len(rows)) if rng.random() < 0.6 else None
    for index, row in enumerate(rows[: round(len(rows) * rng.uniform(0.6, 1))]):
        if index == chosen:
            pen.fill(row, mix(theme.paper, theme.accent, 0.35))
        _draw_row(pen, row, looks, rng)


def _draw_row(pen: Pen, row: Area, looks: _Looks, rng: random.Random) -> None:
    theme, size = looks.theme, looks.size
    if looks.is_ruled:
        pen.line([(row.left, row.bottom), (row.right, row.bottom)], theme.rule)
    mark, rest = row.cut("left", row.height)
    looks.mark(pen, mark.inset(row.height * 0.2), rng.choice(theme.colours))
    date, text = rest.inset(1).cut("right", size * 2.5)
    name, about = text.part(0, 0, 1, 0.5) if looks.is_tall else text, text.part(0, 0.5, 1, 1)
    pen.write((date.right, name.middle[1]), f"{rng.randint(1, 28)} {make_word(rng, 3)}", size * 0.85, theme.faint, "rm")
    end = pen.write_words(name, make_words(rng, theme.ink, rng.randint(1, 2)), size)
    line = about if looks.is_tall else name._replace(left=end)
    pen.write_words(line, make_words(rng, theme.faint, rng.randint(1, 5)), size * 0.9)


def _draw_face(pen: Pen, spot: Area, colour: Colour) -> None:
    pen.disc(spot.middle, spot.height / 2, colour)


def _draw_box(pen: Pen, spot: Area, colour: Colour) -> None:
    """Ticked."""
    pen.fill(spot, None, outline=colour)
    pen.fill(spot.inset(0.5), None, outline=colour)
    pen.fill(spot.inset(2), colour)


def _draw_envelope(pen: Pen, spot: Area, colour: Colour) -> None:
    pen.fill(spot.part(0, 0.1, 1, 0.9), None, outline=colour)
    pen.line([spot.at(0, 0.1), spot.at(0.5, 0.6), spot.at(1, 0.1)], colour, 1)


def _draw_folder(pen: Pen, spot: Area, colour: Colour) -> None:
    pen.fill(spot.part(0, 0.1, 0.5, 0.4), colour)
    pen.fill(spot.part(0, 0.25, 1, 0.95), colour)
