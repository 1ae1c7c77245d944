"""Small results for what reads them."""

from typing import Any

from molora.benchmarks.results import Figure, Line, Machine, Plot, Point, Result

MACHINE = Machine(
    processor="Abacus",
    num_cores=2,
    memory_gib=4.0,
    gpus=("Slide rule",),
    system="Desk",
    python="3.11",
    packages={"molora": "1", "vllm": "2"},
)


def make_figure(row: str, column: str, value: float, spread: float | None = None, **more: Any) -> Figure:
    ends = {} if spread is None else {"low": value - spread, "high": value + spread}
    return Figure.model_validate({"group": "speed", "row": row, "column": column, "value": value, **ends, **more})


def make_plot(title: str = "Speed over clients", name: str = "top1") -> Plot:
    points = (Point(x=1, y=10, y_low=9, y_high=11), Point(x=8, y=40, x_low=7, x_high=9))
    lines = (Line(name=name, points=points), Line(name="base", points=points[:1], joined=False))
    return Plot(title=title, x_label="clients", y_label="questions/s", lines=lines, log_x=True)


def make_result(benchmark: str = "load", **changes: Any) -> Result:
    values: dict[str, Any] = {
        "benchmark": benchmark,
        "title": f"Title of {benchmark}",
        "command": f"molora bench {benchmark}",
        "seed": 7,
        "settings": {"rounds": 4},
        "machine": MACHINE,
        "figures": (),
    }
    return Result(**values | changes)
