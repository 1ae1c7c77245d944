"""Layers of small networks, compiled by numba (Lam et al. 2015, doi:10.1145/2833157.2833162).

A question is read by some ten thousand multiply-adds a layer, of numbers that a busy engine has driven out of the
processor's caches. There a call of numpy's takes longer than what it calculates, and gives other threads the
interpreter meanwhile, for milliseconds; a compiled layer is one call and keeps it.

All arrays are C-contiguous; rows are [n, dim]. Sizes that do not fit raise ValueError: compiled code would read what is
beyond the end. Nothing is compiled before it is called: a router that has started has called them all.
"""

import math
from collections.abc import Callable
from typing import Any, TypeVar

import numba
import numpy as np
from numpy.typing import NDArray

from molora.router.features import Floats

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Sums may be taken in any order; values that are not finite stay what they are."""
    fast: Function = numba.njit(fastmath={"contract", "reassoc"})(function)
    return fast


@compiled
def sum_rows(table: Floats, places: NDArray[np.int64], divisor: float) -> Floats:
    """[dim], of the rows of `table` at `places`. Raises IndexError where there is none."""
    for place in places:
        if not 0 <= place < len(table):
            raise IndexError("there is no such row")
    total = np.zeros(table.shape[1], dtype=np.float32)
    for place in places:
        for column in range(len(total)):
            total[column] += table[place, column]
    for column in range(len(total)):
        total[column] /= np.float32(divisor)
    return total


@compiled
def linear(rows: Floats, weight: Floats, bias: Floats) -> Floats:
    """[n, out], of `weight` [out, dim] and `bias` [out]."""
    _check_sizes(rows.shape[1], weight.shape[1])
    _check_sizes(len(weight), len(bias))
    out = np.empty((len(rows), len(weight)), dtype=np.float32)
    for place in range(len(weight)):
        for row in range(len(rows)):
            out[row, place] = _dot(weight[place], rows[row]) + bias[place]
    return out


@compiled
def standardise(rows: Floats, eps: float, scale: Floats, shift: Floats) -> Floats:
    """Layer normalisation (Ba et al. 2016, arXiv:1607.06450)."""
    _check_sizes(rows.shape[1], len(scale))
    _check_sizes(rows.shape[1], len(shift))
    out = np.empty_like(rows)
    for row in range(len(rows)):
        centred = rows[row] - np.float32(rows[row].sum() / rows.shape[1])
        spread = math.sqrt(_dot(centred, centred) / rows.shape[1] + eps)
        for column in range(rows.shape[1]):
            out[row, column] = centred[column] / spread * scale[column] + shift[column]
    return out


@compiled
def gelu(rows: Floats) -> Floats:
    """By the normal distribution (Hendrycks and Gimpel 2016, arXiv:1606.08415)."""
    out = np.empty_like(rows)
    for row in range(len(rows)):
        for column in range(rows.shape[1]):
            x = rows[row, column]
            out[row, column] = np.float32(0.5) * x * (np.float32(1) + math.erf(x * np.float32(math.sqrt(0.5))))
    return out


@compiled
def to_unit_length(rows: Floats) -> Floats:
    """Zeros stay."""
    out = np.empty_like(rows)
    for row in range(len(rows)):
        length = max(math.sqrt(_dot(rows[row], rows[row])), np.finfo(np.float32).tiny)
        for column in range(rows.shape[1]):
            out[row, column] = rows[row, column] / length
    return out


@compiled
def largest_products(rows: Floats, others: Floats) -> Floats:
    """[n], the largest inner product of each row with one of `others` [any, dim]."""
    _check_sizes(rows.shape[1], others.shape[1])
    out = np.full(len(rows), -np.inf, dtype=np.float32)
    for place in range(len(others)):
        for row in range(len(rows)):
            out[row] = max(out[row], _dot(others[place], rows[row]))
    return out


@compiled
def softmax(rows: NDArray[Any], temperature: float) -> NDArray[np.float64]:
    """Of rows / temperature, which may be any above 0."""
    out = np.empty(rows.shape, dtype=np.float64)
    for row in range(len(rows)):
        most = np.float64(rows[row].max())
        for column in range(rows.shape[1]):
            out[row, column] = math.exp((np.float64(rows[row, column]) - most) / temperature)
        total = out[row].sum()
        for column in range(rows.shape[1]):
            out[row, column] /= total
    return out


@compiled
def is_finite(rows: Floats) -> bool:
    """Whether all values are."""
    for row in range(len(rows)):
        for column in range(rows.shape[1]):
            if not math.isfinite(rows[row, column]):
                return False
    return True


@compiled
def _check_sizes(one: int, other: int) -> None:
    if one != other:
        raise ValueError("the sizes do not fit")


@compiled
def _dot(a: Floats, b: Floats) -> Any:
    total = np.float32(0)
    for place in range(len(a)):
        total += a[place] * b[place]
    return total
