"""Displays: screens of programs, charts and scenes, and questions whose expert only the picture tells.

A round asks one question of one display of each kind, so the text tells nothing of the kind.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from PIL import Image

from molora.benchmarks.displays.browser import draw_browser
from molora.benchmarks.displays.canvas import ZOOM
from molora.benchmarks.displays.charts import draw_chart
from molora.benchmarks.displays.editor import draw_editor
from molora.benchmarks.displays.listing import draw_listing
from molora.benchmarks.displays.sheet import draw_sheet
from molora.benchmarks.displays.terminal import draw_terminal
from molora.benchmarks.displays.window import Program, draw_window
from molora.benchmarks.displays.wordings import WORDINGS
from molora.benchmarks.scenes import Scene, as_photo

__all__ = ["KINDS", "PROGRAMS", "WORDINGS", "AskedDisplay", "Display", "ask_displays"]

PROGRAMS: dict[str, Program] = {
    "editor": draw_editor,
    "sheet": draw_sheet,
    "terminal": draw_terminal,
    "browser": draw_browser,
    "list": draw_listing,
    "chart": draw_chart,
}
_SCENE = "scene"
KINDS = (*PROGRAMS, _SCENE)


@dataclass(frozen=True)
class Display:
    """One of KINDS, and the seed of all else; programs of one seed share their colours and what surrounds them."""

    kind: str
    seed: int

    def render(self) -> Image.Image:
        """The picture: RGB, 112 x 112, the same for the same display."""
        rng = random.Random(self.seed)
        if self.kind == _SCENE:
            return Scene.draw(rng).render()
        return as_photo(draw_window(PROGRAMS[self.kind], rng), ZOOM, self.seed)


@dataclass(frozen=True)
class AskedDisplay:
    text: str
    display: Display


def ask_displays(seed: int, num: int) -> Iterator[AskedDisplay]:
    """`num` of them, the kinds taking turns; the same for the same seed."""
    return islice(_ask_rounds(random.Random(seed)), num)


def _ask_rounds(rng: random.Random) -> Iterator[AskedDisplay]:
    while True:
        text, look = rng.choice(WORDINGS), rng.getrandbits(32)
        yield from (AskedDisplay(text, Display(kind, look)) for kind in KINDS)
