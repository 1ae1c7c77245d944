"""Charts: bars, lines, a pie or scattered points, with axes, a title and a legend."""

from __future__ import annotations

import random

from molora.benchmarks.displays.canvas import Area, Pen
from molora.benchmarks.displays.lettering import make_number, make_word, make_words
from molora.benchmarks.displays.theme import Theme

_SIZE = 5.0


def draw_chart(pen: Pen, area: Area, theme: Theme, rng: random.Random) -> None:
    area = area.inset(rng.uniform(2, 6))
    if rng.random() < 0.6:
        title, area = area.cut("top", _SIZE * 1.6)
        pen.write(title.middle, f"{make_word(rng)} {make_word(rng)}", _SIZE * 1.2, theme.ink, "mm")
    if rng.random() < 0.4:
        legend, area = area.cut(rng.choice(("left", "right")), 20)
        _draw_legend(pen, legend, theme, rng)
    draw = rng.choice((_draw_bars, _draw_lines, _draw_pie, _draw_points))
    draw(pen, area, theme, rng)


def _draw_legend(pen: Pen, area: Area, theme: Theme, rng: random.Random) -> None:
    for row, colour in zip(area.rows(_SIZE * 1.5), theme.colours[: rng.randint(2, 5)], strict=False):
        key, name = row.inset(1).cut("left", row.height - 2)
        pen.fill(key, colour)
        pen.write_words(name._replace(left=name.left + 1), make_words(rng, theme.ink, 1), _SIZE)


def _draw_axes(pen: Pen, area: Area, theme: Theme, rng: random.Random) -> Area:
    """Returns what they enclose."""
    plot = area.cut("left", _SIZE * 2)[1].cut("bottom", _SIZE * 1.4)[1]
    ruled = rng.random() < 0.5
    for step in range(num := rng.randint(3, 6)):
        left, right = plot.at(0, step / num), plot.at(1, step / num)
        pen.write((left[0] - 1, left[1]), make_number(rng)[:3].rstrip("."), _SIZE * 0.9, theme.faint, "rm")
        if ruled:
            pen.line([left, right], theme.rule)
    for step in range(num := rng.randint(2, 5)):
        x, y = plot.at((step + 0.5) / num, 1)
        pen.write((x, y + _SIZE * 0.7), make_word(rng, 3), _SIZE * 0.9, theme.faint, "mm")
    pen.line([plot.at(0, 0), plot.at(0, 1), plot.at(1, 1)], theme.ink, rng.choice((0.5, 1)))
    return plot


def _draw_bars(pen: Pen, area: Area, theme: Theme, rng: random.Random) -> None:
    """Upright or lying, one to three side by side."""
    plot = _draw_axes(pen, area, theme, rng)
    num, beside, lying, gap = rng.randint(3, 8), rng.randint(1, 3), rng.random() < 0.3, rng.uniform(0.1, 0.5)
    for index in range(num * beside):
        group, place = divmod(index, beside)
        start = (group + gap / 2 + (1 - gap) * place / beside) / num
        end, reach = start + (1 - gap) / beside / num, rng.uniform(0.1, 0.95)
        bar = plot.part(0, start, reach, end) if lying else plot.part(start, 1 - reach, end, 1)
        pen.fill(bar, theme.colours[place])


def _draw_lines(pen: Pen, area: Area, theme: Theme, rng: random.Random) -> None:
    """Up to three that wander; the first may be filled below, and all dotted."""
    plot = _draw_axes(pen, area, theme, rng)
    num, width, is_filled, is_dotted = rng.randint(4, 14), rng.uniform(0.8, 2), rng.random() < 0.25, rng.random() < 0.4
    for index in range(rng.randint(1, 3)):
        height, points = rng.uniform(0.2, 0.8), []
        for step in range(num):
            points.append(plot.at(step / (num - 1), height))
            height = min(0.95, max(0.05, height + rng.gauss(0, 0.15)))
        if is_filled and index == 0:
            pen.polygon([*points, plot.at(1, 1), plot.at(0, 1)], theme.rule)
        pen.line(points, theme.colours[index], width)
        for point in points if is_dotted else ():
            pen.disc(point, width, theme.colours[index])


def _draw_pie(pen: Pen, area: Area, theme: Theme, rng: random.Random) -> None:
    """Or a ring."""
    radius = min(area.width, area.height) * rng.uniform(0.32, 0.45)
    sizes = [rng.uniform(0.2, 1) for _ in range(rng.randint(3, 7))]
    start = rng.uniform(0, 360)
    for index, size in enumerate(sizes):
        end = start + 360 * size / sum(sizes)
        colour = theme.colours[index % len(theme.colours)] if index < 5 else theme.faint
        pen.slice(area.middle, radius, (start, end), colour)
        start = end
    if rng.random() < 0.35:
        pen.disc(area.middle, radius * rng.uniform(0.4, 0.65), theme.paper)


def _draw_points(pen: Pen, area: Area, theme: Theme, rng: random.Random) -> None:
    """Up to three clouds."""
    plot = _draw_axes(pen, area, theme, rng)
    radius = rng.uniform(0.8, 2)
    for colour in theme.colours[: rng.randint(1, 3)]:
        middle, slope, spread = rng.uniform(0.3, 0.7), rng.uniform(-0.6, 0.6), rng.uniform(0.03, 0.15)
        for _ in range(rng.randint(8, 30)):
            across = rng.uniform(0.03, 0.97)
            down = middle + slope * (across - 0.5) + rng.gauss(0, spread)
            pen.disc(plot.at(across, min(0.97, max(0.03, down))), radius, colour)
