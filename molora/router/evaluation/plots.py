"""What an evaluation shows, as PNG."""

from collections.abc import Mapping
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from molora.files import replacing
from molora.router.evaluation.curves import NUM_BINS
from molora.router.evaluation.evaluate import Evaluation
from molora.router.evaluation.gate_spread import EDGES, Spread
from molora.router.query import Mode

STYLE = {"font.size": 9, "axes.grid": True, "grid.alpha": 0.3}
SIZE = (4.5, 4.0)


def plot_all(evaluation: Evaluation, folder: Path) -> None:
    """Into a folder that is there."""
    with mpl.rc_context(STYLE):
        figures = {
            "confusion": _plot_confusion(evaluation),
            "reliability": _plot_reliability(evaluation),
            "risk_coverage": _plot_accuracies(evaluation),
            "gates": _plot_gates(evaluation.gates),
        }
        for name, figure in figures.items():
            with replacing(folder / f"{name}.png") as unfinished:
                figure.savefig(unfinished, format="png", dpi=120)


def _one(title: str, across: str, up: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=SIZE, layout="constrained")
    axes = figure.subplots()
    axes.set(title=title, xlabel=across, ylabel=up)
    return figure, axes


def _plot_confusion(evaluation: Evaluation) -> Figure:
    report = evaluation.report
    figure, axes = _one(f"accuracy {report.accuracy:.4f}, {report.num} questions", "chosen", "true")
    classes = list(report.confusion)
    counts = np.array([list(row.values()) for row in report.confusion.values()])
    shares = counts / counts.sum(axis=1, keepdims=True).clip(min=1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.grid(visible=False)
    axes.set_xticks(range(len(classes)), classes, rotation=45)
    axes.set_yticks(range(len(classes)), classes)
    for (row, column), count in np.ndenumerate(counts):
        axes.text(column, row, count, ha="center", va="center", color="white" if shares[row, column] > 0.5 else "black")
    return figure


def _plot_reliability(evaluation: Evaluation) -> Figure:
    figure, axes = _one(f"calibration error {evaluation.report.ece:.4f}", "confidence", "accuracy")
    lowers, _, _, accuracies = zip(*evaluation.reliability, strict=True)
    axes.bar(lowers, accuracies, width=1 / NUM_BINS, align="edge", edgecolor="white")
    for one in evaluation.reliability:
        axes.annotate(str(one.num), (one.confidence, one.accuracy), ha="center", va="bottom", fontsize=6)
    axes.plot([0, 1], [0, 1], color="grey", linestyle=":")
    axes.set(xlim=(0, 1), ylim=(0, 1.05))
    return figure


def _plot_accuracies(evaluation: Evaluation) -> Figure:
    title = f"area under risk and coverage {evaluation.report.aurc:.4f}"
    figure, axes = _one(title, "share of questions, most confident first", "accuracy among them")
    axes.plot(*zip(*evaluation.risk_coverage, strict=True), marker=".")
    axes.set(xlim=(0, 1.02))
    return figure


def _plot_gates(gates: Mapping[Mode, Spread]) -> Figure:
    """A column for each mode: the largest gate above, each expert's below."""
    figure = Figure(figsize=(SIZE[0] * len(gates), 1.5 * SIZE[1]), layout="constrained")
    panels = figure.subplots(2, len(gates), sharex=True, squeeze=False)
    for (mode, spread), (above, below) in zip(gates.items(), panels.T, strict=True):
        above.stairs(spread.largest, EDGES, fill=True)
        above.set(title=mode, ylabel="questions, by the largest gate")
        for name, counts in spread.experts.items():
            below.stairs(counts, EDGES, label=name)
        below.set(xlabel="gate", ylabel="questions, by the expert's gate", yscale="symlog")
    panels[1, 0].legend()
    return figure
