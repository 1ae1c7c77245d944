"""Puts the figures of a soak, and their plot, into a page of documentation whose text is written by hand."""

from pathlib import Path

from molora.benchmarks.soak.figures import Figures, headline
from molora.benchmarks.soak.plot import plot
from molora.benchmarks.soak.sheets import make_sheets
from molora.benchmarks.soak.soak import Soaked

BEGIN, END = "<!-- figures -->\n", "<!-- end of figures -->\n"
PAGE, PLOT = "soak.md", "soak.svg"


def write_docs(folder: Path, soaked: Soaked, figures: Figures) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    plot(soaked, folder / PLOT)
    write_page(folder / PAGE, figures)


def write_page(path: Path, figures: Figures) -> None:
    """Only what stands between the marks is replaced; a page that has none is begun anew."""
    page = path.read_text() if path.exists() else ""
    before, _, rest = page.partition(BEGIN)
    after = rest.partition(END)[2]
    path.write_text(f"{before}{BEGIN}{to_markdown(figures)}{END}{after}")


def to_markdown(figures: Figures) -> str:
    sheets = [sheet.to_markdown() for sheet in make_sheets(figures)]
    return "\n\n".join([f"{headline(figures)}.", *sheets, f"![Memory and latency over time]({PLOT})"]) + "\n"
