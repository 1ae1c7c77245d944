import pytest

from molora.benchmarks.reporting.numbers import write_interval, write_number, write_value
from tests.benchmarks.made_results import make_figure

GAP = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("value", "spread", "written", "interval"),
    [
        (31.23456, 0.6, "31.23", "30.63 to 31.83"),
        (0.91234, 0.012, "0.912", "0.900 to 0.924"),
        (12345.6, 250, f"12{GAP}346", f"12{GAP}096 to 12{GAP}596"),
        (3.14159, None, "3.142", ""),
        (0.012345, None, "0.01235", ""),
        (5.0, 0.0, "5", "5 to 5"),
        (2.5e-9, None, "2.5e-09", ""),
        (0.0, None, "0", ""),
    ],
)
def test_as_many_digits_as_the_interval_bears_out(value: float, spread: float | None, written: str, interval: str):
    figure = make_figure("r", "c", value, spread)
    assert (write_value(figure), write_interval(figure)) == (written, interval)


def test_a_number_that_is_none_is_written_too():
    assert [write_number(value) for value in (float("nan"), float("inf"), -0.5)] == ["nan", "inf", "-0.5000"]
