"""The picture of a soak."""

from pathlib import Path

from molora.benchmarks.soak.plot import plot
from tests.benchmarks.soak.seen import soaked


def test_the_plot_is_the_same_for_the_same_records(tmp_path: Path) -> None:
    for name in ("a.svg", "b.svg"):
        plot(soaked(), tmp_path / name)
    drawn = (tmp_path / "a.svg").read_text()
    assert drawn == (tmp_path / "b.svg").read_text()
    assert "end to end, p99" in drawn
