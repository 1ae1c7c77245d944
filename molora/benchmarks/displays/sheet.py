"""A spreadsheet: labels and numbers in a grid, under lettered columns and beside numbered rows, one cell chosen."""

from __future__ import annotations

import random
from itertools import pairwise
from string import ascii_uppercase
from typing import TypeAlias

from molora.benchmarks.displays.canvas import Area, Colour, Pen
from molora.benchmarks.displays.lettering import make_number, make_word, make_words
from molora.benchmarks.displays.theme import Theme, mix

_Grid: TypeAlias = list[list[Area]]
"""Cells by row."""


def draw_sheet(pen: Pen, area: Area, theme: Theme, rng: random.Random) -> None:
    height = rng.uniform(6, 9)
    if rng.random() < 0.5:
        strip, area = area.cut("top", height)
        _draw_formula(pen, strip, theme, rng)
    grid = _lay_out(area, height, rng)
    head = rng.choice((theme.panel, theme.rule, theme.accent))
    for index, cell in enumerate(grid[0][1:]):
        _draw_head(pen, cell, ascii_uppercase[index], head, theme)
    for number, (cell, *_) in enumerate(grid[1:], 1):
        _draw_head(pen, cell, str(number), head, theme)
    _draw_cells(pen, [row[1:] for row in grid[1:]], theme, rng)


def _lay_out(area: Area, height: float, rng: random.Random) -> _Grid:
    """Its first row and column are heads; the last ones may reach beyond the area."""
    edges = [area.left, area.left + height * 1.3]
    while edges[-1] < area.right:
        edges.append(edges[-1] + height * rng.uniform(2.2, 4))
    rows = area._replace(bottom=area.bottom + height).rows(height)
    return [[row._replace(left=left, right=right) for left, right in pairwise(edges)] for row in rows]


def _draw_formula(pen: Pen, strip: Area, theme: Theme, rng: random.Random) -> None:
    pen.fill(strip, theme.paper, outline=theme.rule)
    pen.write_words(strip.inset(1), [("=", theme.faint), *make_words(rng, theme.ink, 3)], strip.height * 0.7)


def _draw_head(pen: Pen, cell: Area, name: str, ground: Colour, theme: Theme) -> None:
    pen.fill(cell, ground, outline=theme.rule)
    pen.write(cell.middle, name, cell.height * 0.7, theme.ink, "mm")


def _draw_cells(pen: Pen, cells: _Grid, theme: Theme, rng: random.Random) -> None:
    filled, banded = rng.uniform(0.5, 1), rng.random() < 0.3
    labels = {0, rng.randrange(len(cells[0]))}
    used = round(len(cells) * rng.uniform(0.6, 1))
    for index, row in enumerate(cells):
        for column, cell in enumerate(row):
            pen.fill(cell, theme.panel if banded and index % 2 else _ground(theme, rng), outline=theme.rule)
            if index < used and rng.random() < filled:
                _draw_value(pen, cell, theme, rng, is_label=column in labels)
    chosen = rng.choice(rng.choice(cells))
    pen.fill(chosen, None, outline=theme.accent)
    pen.fill(chosen.inset(0.5), None, outline=theme.accent)


def _ground(theme: Theme, rng: random.Random) -> Colour:
    """Some cells are tinted."""
    return mix(theme.paper, rng.choice(theme.colours), 0.3) if rng.random() < 0.04 else theme.paper


def _draw_value(pen: Pen, cell: Area, theme: Theme, rng: random.Random, *, is_label: bool) -> None:
    size = cell.height * 0.7
    if is_label:
        pen.write_words(cell.inset(0.5), [(make_word(rng, 6), theme.ink)], size)
    else:
        pen.write((cell.right - 1, cell.middle[1]), make_number(rng), size, theme.ink, "rm")
