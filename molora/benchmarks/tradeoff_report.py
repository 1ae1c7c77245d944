"""The trade-off as a result: its figures, a plot for each kind of question, and what must be said beside them."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from molora.benchmarks.quality.figures import EXACT
from molora.benchmarks.reporting.plots import draw_alone
from molora.benchmarks.results import Figure, Line, Plot, Point, Result, this_command
from molora.benchmarks.tradeoff import BENCHMARK, COLUMNS, SPEED, WHY, Mode, find_speeds, unbeaten
from molora.files import replacing


def make_result(load: Result, quality: Result, modes: Sequence[Mode], concurrency: int) -> Result:
    columns = [column for column in COLUMNS if any(column in mode.accuracies for mode in modes)]
    sources = {one.benchmark: {"command": one.command, "seed": one.seed} for one in (load, quality)}
    return Result(
        benchmark=BENCHMARK,
        title="Accuracy against throughput",
        command=this_command(),
        seed=load.seed,
        settings={"concurrency": concurrency, **sources},
        machine=load.machine,
        figures=tuple(_figures(modes, columns, concurrency)),
        plots=tuple(_plot(modes, column, concurrency) for column in columns),
        notes=(
            *_conclusions(modes, columns),
            *_origins(modes),
            *_omissions(load, modes, concurrency),
            *_doubts(load, quality),
        ),
    )


def _figures(modes: Sequence[Mode], columns: Sequence[str], concurrency: int) -> Iterator[Figure]:
    group = f"every mode, {concurrency} clients"
    for mode in modes:
        place = {"group": group, "row": mode.name, "better": "higher"}
        yield mode.speed.model_copy(update=place | {"column": SPEED})
        for column in columns:
            if column in mode.accuracies:
                told = f"{EXACT}, {COLUMNS[column]}"
                yield mode.accuracies[column].model_copy(update=place | {"column": told})


def _plot(modes: Sequence[Mode], column: str, concurrency: int) -> Plot:
    asked = [mode for mode in modes if column in mode.accuracies]
    unit = asked[0].accuracies[column].unit
    return Plot(
        title=f"Accuracy against throughput: {COLUMNS[column]}, {concurrency} clients",
        x_label="questions per second",
        y_label=f"{EXACT}, {unit}" if unit else EXACT,
        lines=tuple(Line(name=mode.name, points=(_point(mode, column),), joined=False) for mode in asked),
    )


def _point(mode: Mode, column: str) -> Point:
    x, y = mode.speed, mode.accuracies[column]
    return Point(x=x.value, x_low=x.low, x_high=x.high, y=y.value, y_low=y.low, y_high=y.high)


def _conclusions(modes: Sequence[Mode], columns: Sequence[str]) -> Iterator[str]:
    for column in columns:
        names = ", ".join(unbeaten(modes, column))
        yield (
            f"On {COLUMNS[column]} the front is {names}: no other mode is beyond noise faster, or more often right, "
            "without being worse at the other."
        )


def _origins(modes: Sequence[Mode]) -> Iterator[str]:
    for mode in modes:
        if mode.answers_as != mode.name:
            yield f"{mode.name} is shown with the accuracy of {mode.answers_as}: {WHY[mode.answers_as]}."


def _omissions(load: Result, modes: Sequence[Mode], concurrency: int) -> Iterator[str]:
    left = [name for name in find_speeds(load, concurrency) if name not in {mode.name for mode in modes}]
    if left:
        yield f"Not shown, for no accuracy of it was measured: {', '.join(left)}."


def _doubts(load: Result, quality: Result) -> Iterator[str]:
    if load.machine != quality.machine:
        yield "Accuracy was measured on another machine or with other versions than throughput, whose are named here."
    configs = [str(one.settings["config"]) for one in (load, quality) if "config" in one.settings]
    if len({Path(config).name for config in configs}) > 1:
        yield "Throughput was measured with {}, accuracy with {}.".format(*configs)


def write_plots(result: Result, path: Path) -> list[Path]:
    """The first plot beside `path`, under its name; the second has a 2 behind it."""
    paths = [
        path.with_name(f"{path.stem}{number if number > 1 else ''}.svg") for number in range(1, len(result.plots) + 1)
    ]
    for plot, file in zip(result.plots, paths, strict=True):
        with replacing(file) as unfinished:
            unfinished.write_text(draw_alone(plot), encoding="utf-8")
    return paths
