"""The figures of a soak on a terminal."""

import pytest
from rich.console import Console

from molora.benchmarks.soak.figures import figure
from molora.benchmarks.soak.sheets import print_tables
from tests.benchmarks.soak.seen import exchange, soaked


def test_tables_tell_what_went_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    faulty = [*soaked().exchanges, exchange(1, status=503, fault="status 503")]
    print_tables(Console(width=200), figure(soaked(exchanges=faulty)))
    out = capsys.readouterr().out
    assert "top1: status 503 1" in out
    assert "+60.0" in out
