"""A `Plot` as SVG that follows the page: its ink is the colour of the text around it, its ground is none."""

import io
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from molora.benchmarks.reporting.numbers import write_number
from molora.benchmarks.results import Line, Plot, Point

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK = "#010203"
"""Stands for the colour of the text until the picture is drawn."""
COLOURS = (
    *("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00"),
    *("#56b4e9", "#8c6bb1", "#999999", "#c44e52", "#8a8a2b"),
)
"""Seen on white and on black; the first are told apart by the colour-blind (Okabe and Ito, 2008)."""
MARKERS = "osD^vPX*<>"
SIZE = (7.5, 4.6)
MAX_TICKS = 10
METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))
STYLE = {
    "axes.edgecolor": INK,
    "axes.facecolor": "none",
    "axes.grid": True,
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.facecolor": "none",
    "font.size": 11,
    "grid.alpha": 0.35,
    "grid.color": "#888888",
    "legend.frameon": False,
    "savefig.facecolor": "none",
    "svg.fonttype": "none",
    "svg.hashsalt": "molora",
    "text.color": INK,
    "text.parse_math": False,
    "xtick.color": INK,
    "ytick.color": INK,
}
LOOKS = "<style>svg{color:#1c2128}@media(prefers-color-scheme:dark){svg{color:#e6e9ee}}</style>"


def draw(plot: Plot, prefix: str, names: Sequence[str] = ()) -> str:
    """An `<svg>` to stand in a page, whose ids begin with `prefix`; the same to the byte for the same plot.

    A line looks as its place in `names` says, so that it looks the same in all plots of a page.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    buffer = io.StringIO()
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=SIZE, layout="constrained")
        axes = figure.subplots()
        _draw_lines(axes, plot, [*names, *(line.name for line in plot.lines)])
        if len(plot.lines) > 1:
            figure.legend(loc="outside lower center", ncols=min(4, len(plot.lines)))
        figure.savefig(buffer, format="svg", metadata=METADATA)
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :].replace(INK, "currentColor")
    return re.sub(r'(id="|href="#|url\(#)', rf"\g<1>{prefix}-", svg)


def draw_alone(plot: Plot, names: Sequence[str] = ()) -> str:
    """A file of its own, which is dark where its reader's screen is."""
    return '<?xml version="1.0" encoding="utf-8"?>\n' + draw(plot, "plot", names).replace(">", f">{LOOKS}", 1)


def describe(plot: Plot) -> str:
    """What stands for the plot where it cannot be seen."""
    points = [point for line in plot.lines for point in line.points]
    names = ", ".join(line.name for line in plot.lines)
    across, up = _span([point.x for point in points]), _span([point.y for point in points])
    return f"Plot: {plot.title}. Across: {plot.x_label}, {across}. Up: {plot.y_label}, {up}. Drawn: {names}."


def _span(values: Sequence[float]) -> str:
    return f"{write_number(min(values))} to {write_number(max(values))}" if values else "nothing"


def _draw_lines(axes: "Axes", plot: Plot, names: Sequence[str]) -> None:
    for line in plot.lines:
        number = names.index(line.name)
        look = {"color": COLOURS[number % len(COLOURS)], "marker": MARKERS[number % len(MARKERS)]}
        _draw_line(axes, line, look)
    axes.set_xlabel(plot.x_label)
    axes.set_ylabel(plot.y_label)
    if plot.log_x:
        _scale(axes, sorted({point.x for line in plot.lines for point in line.points}))


def _scale(axes: "Axes", x: Sequence[float]) -> None:
    """By logarithms, with a tick at each of `x`, or at some of many."""
    ticks = x[:: 1 + len(x) // MAX_TICKS]
    axes.set_xscale("log")
    axes.set_xticks(ticks, [write_number(tick) for tick in ticks])
    axes.set_xticks([], minor=True)


def _draw_line(axes: "Axes", line: Line, look: dict[str, Any]) -> None:
    x, y = [point.x for point in line.points], [point.y for point in line.points]
    bars = {axis: _errors(line.points, axis) for axis in ("x", "y")}
    look |= {"capsize": 3, "elinewidth": 1.2, "markersize": 7, "linestyle": "-" if line.joined else "none"}
    axes.errorbar(x, y, xerr=bars["x"], yerr=bars["y"], label=line.name, **look)


def _errors(points: Sequence[Point], axis: str) -> list[list[float]]:
    """How far the bars reach down, and up; an end that is not given reaches nowhere."""
    below = [_reach(getattr(point, axis), getattr(point, f"{axis}_low")) for point in points]
    above = [_reach(getattr(point, f"{axis}_high"), getattr(point, axis)) for point in points]
    return [below, above]


def _reach(higher: float | None, lower: float | None) -> float:
    return 0.0 if higher is None or lower is None else max(0.0, higher - lower)
