"""Both ways are held against the definition of a mixture in float64."""

import math

import pytest
import torch
from torch import Tensor

from molora.engine.products import MIN_RUN, Costs, RowGates, add_apart, add_dense, is_dense
from tests.engine.definition import defined

SLOTS, RANK, WIDTH, OUT = 4, 8, 48, 40
WAYS = [add_dense, add_apart]
G = RowGates(
    torch.tensor(
        [
            [1, 0, 0, 0],  # one expert
            [0, 0, 0, 0],  # none
            [0.3, 0.7, 0, 0],  # two
            [0.1, 0.2, 0.3, 0.4],  # all
            [0, 0, 0, 1.5],  # at another strength
            [0, -0.5, 0, 0.25],  # any real gates
        ]
    )
)


@pytest.fixture
def a() -> Tensor:
    return torch.randn(SLOTS, 1, RANK, WIDTH, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def b() -> Tensor:
    ranks_first = torch.randn(SLOTS, 1, RANK, OUT, generator=torch.Generator().manual_seed(2))
    return ranks_first.transpose(2, 3)


@pytest.fixture
def x() -> Tensor:
    return torch.randn(len(G.matrix), WIDTH, generator=torch.Generator().manual_seed(3))


@pytest.mark.parametrize("add", WAYS)
def test_rows_get_their_mixture_to_float32s_rounding(add, a, b, x) -> None:
    y = torch.zeros(len(x), OUT)
    add([y], x, [a], [b], G)
    wanted = defined(x, a, b, G.matrix)
    bound = (
        torch.finfo(torch.float32).eps * math.sqrt(WIDTH * RANK) * defined(x.abs(), a.abs(), b.abs(), G.matrix.abs())
    )
    assert torch.all((y.double() - wanted).abs() <= bound)


@pytest.mark.parametrize("add", WAYS)
def test_what_was_there_stays_and_rows_without_a_gate_are_untouched(add, a, b, x) -> None:
    before = torch.randn(len(x), OUT, generator=torch.Generator().manual_seed(4))
    y = before.clone()
    add([y], x, [a], [b], G.scaled(2.0))
    assert torch.equal(y[1], before[1])
    assert torch.allclose((y - before).double(), 2 * defined(x, a, b, G.matrix), atol=1e-3)


@pytest.mark.parametrize("add", WAYS)
def test_gates_of_one_and_zeros_are_the_expert_itself_bit_for_bit(add, a, b, x) -> None:
    """With the other slots empty, as they are when the expert is the only one loaded."""
    alone_a, alone_b = a.clone(), b.clone()
    alone_a[1:], alone_b[1:] = 0, 0
    hard = RowGates(torch.tensor([[1.0, 0, 0, 0]]).expand(len(x), -1).contiguous())
    among, alone = torch.zeros(len(x), OUT), torch.zeros(len(x), OUT)
    add([among], x, [a], [b], hard)
    add([alone], x, [alone_a], [alone_b], hard)
    assert torch.equal(among, alone)


@pytest.mark.parametrize("add", WAYS)
def test_an_adapter_that_overflows_spoils_no_row_of_another(add, a, b, x) -> None:
    a[0] = torch.inf
    y = torch.zeros(2, OUT)
    add([y], x[:2], [a], [b], RowGates(torch.tensor([[0.0, 1, 0, 0], [1, 0, 0, 0]])))
    assert y[0].isfinite().all()
    assert not y[1].isfinite().any()


@pytest.mark.parametrize("add", WAYS)
def test_half_precision_stays_half_precision(add, a, b, x) -> None:
    y = torch.zeros(len(x), OUT, dtype=torch.bfloat16)
    add([y], x.bfloat16(), [a.bfloat16()], [b.bfloat16()], G)
    wanted = defined(x, a, b, G.matrix)
    assert torch.allclose(y.double(), wanted, rtol=0.05, atol=0.05 * float(wanted.abs().max()))


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("add", WAYS)
def test_layers_packed_into_one_get_each_its_own(add, together: bool, a, b, x) -> None:
    both = torch.stack([a, 2 * a])
    weights = both.unbind() if together else (a, 2 * a)
    y = torch.zeros(len(x), 2 * OUT)
    add(y.split(OUT, 1), x, weights, [b, b], G)
    wanted = defined(x, a, b, G.matrix)
    assert torch.allclose(y.double(), torch.cat([wanted, 2 * wanted], 1), atol=1e-3)


def rebuilt(gates: RowGates) -> Tensor:
    matrix = torch.zeros_like(gates.matrix)
    for segment in gates.segments:
        matrix[segment.rows, segment.slot] += segment.gates[:, 0]
    return matrix


def test_segments_hold_each_gate_once() -> None:
    assert torch.equal(rebuilt(G), G.matrix)


def test_long_runs_of_rows_are_segments_of_their_own_and_short_ones_are_put_together() -> None:
    """As in a step with two prompts and four requests that decode."""
    matrix = torch.zeros(2 * MIN_RUN + 4, 2)
    matrix[:MIN_RUN, 0] = 0.5
    matrix[:MIN_RUN, 1] = 0.5
    matrix[MIN_RUN : 2 * MIN_RUN, 1] = 1
    matrix[-4, 0] = matrix[-2, 0] = 1
    gates = RowGates(matrix)
    assert torch.equal(rebuilt(gates), matrix)
    slices = [(s.slot, s.rows.start, s.rows.stop) for s in gates.segments if isinstance(s.rows, slice)]
    assert slices == [(0, 0, MIN_RUN), (1, 0, 2 * MIN_RUN)]
    assert [s.rows.tolist() for s in gates.segments if isinstance(s.rows, Tensor)] == [[2 * MIN_RUN, 2 * MIN_RUN + 2]]
    assert gates.work_apart == (len(gates.segments), 3 * MIN_RUN, 2)


def test_no_gates_are_no_segments() -> None:
    assert RowGates(torch.zeros(5, 2)).segments == ()
    assert RowGates(torch.zeros(0, 2)).segments == ()
    assert RowGates(torch.zeros(5, 2)).work_apart == (0, 0, 0)


def hard(rows: int, slots: int, active: int) -> RowGates:
    """Requests that decode: neighbours name different adapters."""
    return RowGates(torch.eye(slots)[torch.arange(rows) % active])


def test_one_adapter_for_all_rows_is_never_computed_with_the_others() -> None:
    assert not is_dense(hard(32, 4, 1), 16, 192, Costs(segment=1e12))


def test_all_adapters_for_all_rows_are_computed_at_once() -> None:
    assert is_dense(RowGates(torch.ones(32, 4)), 16, 3072, Costs(0, 0, 0))


def test_many_slots_of_which_few_are_named_are_computed_apart() -> None:
    assert is_dense(hard(32, 4, 4), 16, 384, Costs())
    assert not is_dense(hard(32, 64, 4), 16, 3072, Costs())
    assert is_dense(hard(32, 64, 4), 16, 3072, Costs(segment=1e9))


def test_layers_packed_into_one_are_sooner_computed_at_once() -> None:
    one = hard(1, 4, 1)
    assert not is_dense(one, 16, 384, Costs(), 1)
    assert is_dense(one, 16, 768, Costs(), 3)


def test_gates_are_spread_once_for_all_layers_of_a_shape() -> None:
    gates = RowGates(torch.tensor([[0.5, 0.0], [1.0, 2.0]]))
    spread = gates.spread(2, 3)
    assert spread.gates.tolist() == [[0.5, 0.5, 0.5, 0, 0, 0] * 2, [1.0, 1.0, 1.0, 2.0, 2.0, 2.0] * 2]
    assert torch.equal(spread.idle, spread.gates == 0)
    assert gates.spread(2, 3) is spread
    assert gates.spread(1, 3).gates.shape == (2, 6)
