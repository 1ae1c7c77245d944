"""A terminal: prompts with commands, what they printed, and a cursor."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import islice
from typing import TypeAlias

from molora.benchmarks.displays.canvas import Area, Colour, Pen
from molora.benchmarks.displays.lettering import make_number, make_word, make_words
from molora.benchmarks.displays.theme import Theme

_PROMPTS = ("$", "%", "#", ">", "~$", "~/src $", "me@host:~$", "C:\\>", "[1]", ">>>")

_Word: TypeAlias = tuple[str, Colour]


def draw_terminal(pen: Pen, area: Area, theme: Theme, rng: random.Random) -> None:
    size = rng.uniform(4.5, 6.5)
    prompt = rng.choice(_PROMPTS), rng.choice((theme.ink, *theme.colours))
    *rows, last = area.inset(rng.uniform(1, 3)).rows(size * 1.2)
    shown = round(len(rows) * rng.uniform(0.6, 1))
    for row, words in zip(rows, islice(_run_commands(prompt, theme, rng), shown), strict=False):
        pen.write_words(row, words, size)
    row = rows[shown] if shown < len(rows) else last
    end = pen.write_words(row, [prompt], size)
    pen.fill(Area(end, row.top + size * 0.2, end + size * 0.6, row.bottom), theme.ink)


def _run_commands(prompt: _Word, theme: Theme, rng: random.Random) -> Iterator[list[_Word]]:
    """Lines without end."""
    while True:
        command = [rng.choice(("", "", "-", "--")) + make_word(rng, 6) for _ in range(rng.randint(1, 3))]
        yield [prompt, *((word, theme.ink) for word in command)]
        output = rng.choice((_print_log, _print_text, _print_names))
        yield from output(theme, rng, rng.randint(0, 5))


def _print_text(theme: Theme, rng: random.Random, num: int) -> Iterator[list[_Word]]:
    return (list(make_words(rng, theme.ink, rng.randint(1, 8))) for _ in range(num))


def _print_log(theme: Theme, rng: random.Random, num: int) -> Iterator[list[_Word]]:
    for _ in range(num):
        yield [(make_number(rng), rng.choice(theme.colours[:2])), *make_words(rng, theme.ink, rng.randint(1, 5))]


def _print_names(theme: Theme, rng: random.Random, num: int) -> Iterator[list[_Word]]:
    """All of one length, so that they stand in columns."""
    length = rng.randint(3, 7)
    for _ in range(num):
        yield [(make_word(rng, length).ljust(length, "x"), rng.choice((theme.ink, theme.colours[2]))) for _ in range(6)]
