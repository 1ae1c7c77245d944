"""The figures of `molora bench quality` as a result, as tables, and in words."""

from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from molora.benchmarks.quality import figures as told
from molora.benchmarks.quality.answer import ALL, TWO
from molora.benchmarks.quality.arms import SOFT, TOP2
from molora.benchmarks.quality.means import RESAMPLES
from molora.benchmarks.results import Figure, Result, this_command, this_machine

INTERVALS = (
    f"Intervals are of 95 %, by the bootstrap over questions ({RESAMPLES:,} resamples, percentiles); "
    "where all came out alike it sees no spread."
)
CHOSEN = (
    "oracle, random and twice are put together from the experts' own answers; twice takes, of the two experts of top2, "
    "the answer with the larger product of gate and probability."
)
UNIFORM_IS = "uniform blends all adapters in equal shares, whatever is asked."
TYPES = f"Means are over the types; {ALL} is over questions of one type or none."


def make_result(
    name: str, figures: Sequence[Figure], notes: Sequence[str], settings: dict[str, Any], seed: int
) -> Result:
    """`name` of the data set."""
    benchmark = "quality" if name == "demo" else f"quality-{name}"
    return Result(
        benchmark=benchmark,
        title=f"Quality: {name}",
        command=this_command(),
        seed=seed,
        settings=settings,
        machine=this_machine(),
        figures=tuple(figures),
        notes=(INTERVALS, CHOSEN, UNIFORM_IS, TYPES, *tell_gains(figures), *notes),
    )


def tell_gains(figures: Sequence[Figure]) -> Iterator[str]:
    """Whether mixing answers more questions of two types right than the best expert alone."""
    for one in figures:
        if one.group == told.GAIN and one.column == TWO and one.row in (TOP2, SOFT):
            yield f"{one.row} over top1 on questions of two types: {one.value:+.3f}{_between(one)}, {_verdict(one)}."


def _between(one: Figure) -> str:
    return "" if one.low is None or one.high is None else f" ({one.low:+.3f} to {one.high:+.3f})"


def _verdict(one: Figure) -> str:
    if one.low is None or one.high is None:
        return "measured too little to say"
    return "a gain" if one.low > 0 else "a loss" if one.high < 0 else "no measured difference"


def print_tables(console: Console, figures: Sequence[Figure]) -> None:
    for group in dict.fromkeys(one.group for one in figures):
        ones = [one for one in figures if one.group == group]
        columns = list(dict.fromkeys(one.column for one in ones))
        table = Table("arm", *columns, title=group)
        for row in dict.fromkeys(one.row for one in ones):
            cells = {one.column: _cell(one) for one in ones if one.row == row}
            table.add_row(row, *(cells.get(column, "") for column in columns))
        console.print(table)


def _cell(one: Figure) -> str:
    """With half the width of its interval below."""
    half = "" if one.low is None or one.high is None else f"\n[dim]±{(one.high - one.low) / 2:.3f}[/dim]"
    return f"{one.value:.3f}{half}"


def summarise(result: Result) -> dict[str, Any]:
    """The one JSON line that ends the benchmark."""
    values: dict[str, dict[str, dict[str, float]]] = {}
    for one in result.figures:
        values.setdefault(one.group, {}).setdefault(one.row, {})[one.column] = round(one.value, 4)
    return {"benchmark": result.benchmark, "seed": result.seed, **result.settings, "figures": values}
