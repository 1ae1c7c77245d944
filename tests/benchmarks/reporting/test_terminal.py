import io

from rich.console import Console

from molora.benchmarks.reporting.terminal import print_figures
from tests.benchmarks.made_results import make_figure


def test_every_figure_is_printed_as_it_is():
    console = Console(record=True, width=120, file=io.StringIO())
    print_figures(
        console, [make_figure("[red]a", "TTFT", 10, 1, unit="ms"), make_figure("b", "rate", 5, group="other")]
    )
    text = console.export_text()
    assert [
        part for part in ("speed", "[red]a", "TTFT, ms", "10.0 (9.0 to 11.0)", "other", "rate") if part not in text
    ] == []
