"""The figures of a soak in the documentation."""

from pathlib import Path

from molora.benchmarks.soak.figures import figure
from molora.benchmarks.soak.page import BEGIN, END, PAGE, PLOT, write_docs
from tests.benchmarks.soak.seen import soaked


def test_figures_stand_in_a_page_without_touching_its_text(tmp_path: Path) -> None:
    write_docs(tmp_path, soaked(), figure(soaked()))
    page = tmp_path / PAGE
    figures = page.read_text()
    page.write_text(f"# Soak\n\n{BEGIN}old\n{END}\nBy hand.\n")
    write_docs(tmp_path, soaked(), figure(soaked()))
    assert page.read_text() == f"# Soak\n\n{figures}\nBy hand.\n"
    assert "| front | 100 | 105 | 115 | +60.0 |" in figures
    assert f"]({PLOT})" in figures
