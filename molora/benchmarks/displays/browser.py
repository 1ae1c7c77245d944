"""A web browser: an address bar over an article, a gallery or a list of results."""

from __future__ import annotations

import random

from molora.benchmarks.displays.canvas import Area, Pen
from molora.benchmarks.displays.lettering import draw_paragraph, make_word, make_words
from molora.benchmarks.displays.theme import Theme, any_colour


def draw_browser(pen: Pen, area: Area, theme: Theme, rng: random.Random) -> None:
    bar, page = area.cut("top", rng.uniform(8, 12))
    _draw_address(pen, bar, theme, rng)
    looks = Theme.draw(rng) if rng.random() < 0.4 else theme
    pen.fill(page, looks.paper)
    if rng.random() < 0.4:
        banner, page = page.cut("top", rng.uniform(7, 14))
        _draw_banner(pen, banner, looks, rng)
    draw = rng.choice((_draw_article, _draw_gallery, _draw_results))
    draw(pen, page.inset(rng.uniform(2, 6)), looks, rng)


def _draw_address(pen: Pen, bar: Area, theme: Theme, rng: random.Random) -> None:
    """Arrows, and a field with rounded ends."""
    pen.fill(bar, theme.panel)
    num = rng.randint(1, 3)
    for index in range(num):
        x, y = bar.left + 4 + index * 6, bar.middle[1]
        pen.line([(x + 1, y - 2), (x - 1, y), (x + 1, y + 2)], theme.ink, 1)
    field = bar.cut("left", 2 + num * 6)[1].inset(1.5)
    pen.fill(field, theme.paper, field.height / 2, theme.rule)
    words = [("://" + make_word(rng), theme.accent), *make_words(rng, theme.faint, rng.randint(0, 2))]
    pen.write_words(field.inset(2)._replace(left=field.left + 4), words, field.height * 0.75)


def _draw_banner(pen: Pen, banner: Area, theme: Theme, rng: random.Random) -> None:
    pen.fill(banner, rng.choice(theme.colours))
    pen.write_words(banner.inset(2), make_words(rng, theme.paper, 4), banner.height * 0.5)


def _draw_article(pen: Pen, page: Area, theme: Theme, rng: random.Random) -> None:
    size = rng.uniform(4.5, 6.5)
    heading, rest = page.cut("top", size * 2)
    pen.write_words(heading, make_words(rng, theme.ink, 4), size * 1.5)
    picture, text = rest.cut(rng.choice(("left", "right", "top")), rest.width * rng.uniform(0.3, 0.5))
    _draw_picture(pen, picture.inset(1), rng)
    draw_paragraph(pen, text.inset(1), theme.ink, size, rng)


def _draw_gallery(pen: Pen, page: Area, theme: Theme, rng: random.Random) -> None:
    across, size = rng.randint(2, 3), rng.uniform(4.5, 6)
    width = page.width / across
    for row in page.rows(min(page.height, width * rng.uniform(0.8, 1.3))):
        for index in range(across):
            card = row._replace(left=row.left + index * width, right=row.left + (index + 1) * width).inset(1.5)
            words, picture = card.cut("bottom", size * 1.2)
            _draw_picture(pen, picture, rng)
            pen.write_words(words, make_words(rng, theme.ink, 2), size)


def _draw_results(pen: Pen, page: Area, theme: Theme, rng: random.Random) -> None:
    """Coloured titles over lines of text, each with a picture."""
    size = rng.uniform(4.5, 6.5)
    for row in page.rows(min(page.height, size * rng.uniform(3.5, 5))):
        picture, text = row.cut("right", row.height)
        _draw_picture(pen, picture.inset(1), rng)
        title, lines = text.cut("top", size * 1.3)
        pen.write_words(title, make_words(rng, theme.accent, rng.randint(2, 5)), size * 1.15)
        draw_paragraph(pen, lines._replace(bottom=lines.bottom - size * 0.8), theme.faint, size, rng)


def _draw_picture(pen: Pen, area: Area, rng: random.Random) -> None:
    """Sky, sun and hills of any colours."""
    pen.fill(area, any_colour(rng))
    pen.disc(area.at(rng.uniform(0.2, 0.8), rng.uniform(0.2, 0.4)), area.height * 0.12, any_colour(rng))
    heights = [area.at(share, rng.uniform(0.4, 0.9)) for share in (0, 0.3, 0.6, 1)]
    pen.polygon([*heights, (area.right, area.bottom), (area.left, area.bottom)], any_colour(rng))
