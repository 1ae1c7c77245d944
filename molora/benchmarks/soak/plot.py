"""Memory and latency of a soak over time, as one picture."""

from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from molora.benchmarks.metrics import percentile
from molora.benchmarks.soak.drift import LATENCY, PERCENTS, TTFT, split, waits
from molora.benchmarks.soak.soak import Soaked
from molora.benchmarks.soak.trend import SETTLED, mib, parts, series

NUM_SPANS = 40
STYLE = {"svg.fonttype": "none", "svg.hashsalt": "molora", "font.size": 9, "axes.grid": True, "grid.alpha": 0.3}


def plot(soaked: Soaked, path: Path) -> None:
    """The same picture to the byte for the same records."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9, 7), layout="constrained")
        above, below = figure.subplots(2, 1, sharex=True)
        _draw_memory(above, soaked)
        _draw_waits(below, soaked)
        below.set_xlabel("minutes")
        figure.savefig(path, metadata={"Date": None})


def _draw_memory(axes: Axes, soaked: Soaked) -> None:
    for part in parts(soaked):
        points = series(soaked, part, mib)
        settled = next(held for at_s, held in points if at_s >= SETTLED * soaked.seconds)
        minutes, held = zip(*((at_s / 60, held - settled) for at_s, held in points), strict=True)
        axes.plot(minutes, held, label=f"{part}, {settled:.0f} MiB")
    axes.axvline(SETTLED * soaked.seconds / 60, color="grey", linestyle=":")
    axes.set_ylabel("memory, MiB above that after a third")
    axes.legend(loc="lower right")


def _draw_waits(axes: Axes, soaked: Soaked) -> None:
    minutes = [(place + 0.5) * soaked.seconds / NUM_SPANS / 60 for place in range(NUM_SPANS)]
    for what in (TTFT, LATENCY):
        spans = split(waits(soaked, what), soaked.seconds, NUM_SPANS)
        for percent, style in zip(PERCENTS, ("-", "--"), strict=True):
            values = [1e3 * percentile(span, percent) if len(span) > 1 else float("nan") for span in spans]
            axes.plot(minutes, values, style, label=f"{what}, p{percent}")
    axes.set(yscale="log", ylabel="ms")
    axes.legend(loc="lower right", ncols=2)
