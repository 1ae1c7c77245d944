"""How numbers are written: with as many digits as their interval bears out."""

import math

from molora.benchmarks.results import Figure

MAX_DECIMALS = 6


def write_value(figure: Figure) -> str:
    return _write(figure.value, _decimals(figure))


def write_interval(figure: Figure) -> str:
    """Empty where it was measured once."""
    if figure.low is None or figure.high is None:
        return ""
    return f"{_write(figure.low, _decimals(figure))} to {_write(figure.high, _decimals(figure))}"


def write_number(value: float) -> str:
    """Four digits that count, or all of a whole number."""
    return _write(value, _decimals_of(value))


def _write(value: float, decimals: int) -> str:
    if value and abs(value) < 10**-MAX_DECIMALS:
        return f"{value:.3g}"
    return f"{value:,.{decimals}f}".replace(",", "\N{NO-BREAK SPACE}")


def _decimals(figure: Figure) -> int:
    """Two digits of the interval's half width count."""
    width = 0.0 if figure.low is None or figure.high is None else (figure.high - figure.low) / 2
    return _places(width, 2) if width > 0 and math.isfinite(width) else _decimals_of(figure.value)


def _decimals_of(value: float) -> int:
    if not math.isfinite(value) or value == round(value):
        return 0
    return _places(abs(value), 4)


def _places(value: float, num_digits: int) -> int:
    return min(MAX_DECIMALS, max(0, num_digits - 1 - math.floor(math.log10(value))))
