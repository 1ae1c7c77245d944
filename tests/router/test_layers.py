"""Compiled layers, held against torch's."""

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from molora.router import layers
from molora.router.features import Floats

NUM, DIM, OUT = 3, 37, 5


def draw(*shape: int) -> Floats:
    return np.random.default_rng(sum(shape)).normal(size=shape).astype(np.float32)


def check(ours: Floats, theirs: Tensor) -> None:
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, theirs.numpy(), atol=1e-5)


def tensor(array: Floats) -> Tensor:
    return torch.from_numpy(array)


@pytest.mark.parametrize("num", [0, 1, NUM])
def test_layers_say_what_torch_says(num: int):
    rows, weight, bias = draw(num, DIM), draw(OUT, DIM), draw(OUT)
    scale, shift = draw(DIM), draw(DIM)
    check(layers.linear(rows, weight, bias), functional.linear(tensor(rows), tensor(weight), tensor(bias)))
    check(layers.gelu(9 * rows), functional.gelu(9 * tensor(rows)))
    check(layers.to_unit_length(rows), functional.normalize(tensor(rows)))
    check(
        layers.standardise(rows + 7, 1e-5, scale, shift),
        functional.layer_norm(tensor(rows) + 7, (DIM,), tensor(scale), tensor(shift)),
    )
    check(layers.largest_products(rows, weight), (tensor(rows) @ tensor(weight).T).amax(1))
    np.testing.assert_allclose(layers.softmax(rows, 0.7), (tensor(rows).double() / 0.7).softmax(1).numpy(), atol=1e-12)


def test_rows_are_added_as_often_as_they_are_named():
    table = draw(4, DIM)
    np.testing.assert_allclose(
        layers.sum_rows(table, np.array([2, 0, 2]), 3.0), (2 * table[2] + table[0]) / 3, atol=1e-6
    )
    assert not layers.sum_rows(table, np.array([], dtype=np.int64), 1.0).any()


def test_what_is_given_stays_as_it_is():
    rows, scale = draw(NUM, DIM), draw(DIM)
    before = rows.copy()
    layers.standardise(rows, 1e-5, scale, scale)
    layers.gelu(rows)
    layers.to_unit_length(rows)
    assert (rows == before).all()


def test_zeros_have_no_length():
    assert layers.to_unit_length(np.array([[3, 4], [0, 0]], dtype=np.float32)).tolist() == [
        [pytest.approx(0.6), pytest.approx(0.8)],
        [0, 0],
    ]


def test_any_temperature_above_zero_is_safe():
    shares = layers.softmax(np.array([[1e4, -1e4, 1e4]], dtype=np.float32), 1e-300)
    assert shares.tolist() == [[0.5, 0, 0.5]]


@pytest.mark.parametrize("strange", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_not_finite_is_found_wherever_it_is_made(strange: float):
    rows, weight, bias = draw(NUM, DIM), draw(DIM, DIM), draw(DIM)
    assert layers.is_finite(rows)
    rows[1, 2] = strange
    assert not layers.is_finite(rows)
    assert not layers.is_finite(layers.linear(rows, weight, bias))
    assert not layers.is_finite(layers.standardise(rows, 1e-5, bias, bias))
    assert not layers.is_finite(layers.sum_rows(rows, np.array([0, 1]), 2.0)[None])


def test_nothing_is_read_beyond_the_end():
    rows, weight, bias = draw(NUM, DIM), draw(OUT, DIM), draw(OUT)
    for wrong in (rows[:, 1:].copy(), np.tile(rows, 2)):
        with pytest.raises(ValueError, match="sizes"):
            layers.linear(wrong, weight, bias)
        with pytest.raises(ValueError, match="sizes"):
            layers.standardise(wrong, 1e-5, weight[0], weight[0])
        with pytest.raises(ValueError, match="sizes"):
            layers.largest_products(wrong, weight)
    with pytest.raises(ValueError, match="sizes"):
        layers.linear(rows, weight, bias[1:])
    for place in (-1, NUM):
        with pytest.raises(IndexError):
            layers.sum_rows(rows, np.array([0, place]), 1.0)
