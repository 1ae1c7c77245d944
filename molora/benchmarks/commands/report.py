"""`molora bench report`: results for people to read."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from molora.benchmarks.commands.shared import print_json


def report(
    files: Annotated[list[Path], typer.Argument(help="Results, or folders of them.", show_default=False)],
    output: Annotated[Path, typer.Option(file_okay=False, help="Folder of the report.")] = Path("build/report"),
    title: Annotated[str, typer.Option(help="Of the report.")] = "Molora: benchmark report",
) -> None:
    """One self-contained HTML file and one Markdown file, with plots, of what benchmarks found."""
    from molora.benchmarks.reading import read_results
    from molora.benchmarks.reporting.contents import compose
    from molora.benchmarks.reporting.render import write_report

    results = read_results(files)
    written = write_report(compose(title, results), output)
    Console().print(f"Written: {written.html}, {written.markdown} and {len(written.plots)} plots beside it")
    told = {"html": str(written.html), "markdown": str(written.markdown), "plots": len(written.plots)}
    print_json({"benchmark": "report", "results": [one.benchmark for one in results]} | told)
