"""LoRA with gates answers as vLLM's own does, and where that is wrong, as one adapter at a time."""

from types import SimpleNamespace
from typing import Any

import pytest
import torch

from molora.compat import mend_torch_companions

mend_torch_companions()

from vllm.lora.layers import LoRAMapping  # noqa: E402
from vllm.lora.punica_wrapper.punica_cpu import PunicaWrapperCPU  # noqa: E402
from vllm.lora.punica_wrapper.punica_selector import get_punica_wrapper  # noqa: E402
from vllm.lora.request import LoRARequest  # noqa: E402
from vllm.v1.worker import lora_model_runner_mixin  # noqa: E402

from molora.engine.gated_cpu import CPUModelManager, GatedCPU  # noqa: E402
from molora.engine.gates import Mixtures  # noqa: E402
from molora.engine.loading import check_finite  # noqa: E402
from molora.engine.mapping import GatedMapping  # noqa: E402
from molora.engine.plugin import register  # noqa: E402
from molora.engine.products import Costs  # noqa: E402
from molora.engine.worker import MixtureWorkerManager  # noqa: E402

pytestmark = pytest.mark.engine

SLOTS, RANK, WIDTH, SLICES = 3, 4, 24, (16, 8)
ROWS = (7, 7, 0, 9, 5, 0)
"""The adapter each row names; 0 is none."""
IN_SLOTS = (5, 7, 9)


@pytest.fixture
def weights() -> tuple[tuple[torch.Tensor, ...], tuple[torch.Tensor, ...]]:
    generator = torch.Generator().manual_seed(0)
    a = tuple(torch.randn(SLOTS, 1, RANK, WIDTH, generator=generator) for _ in SLICES)
    b = tuple(torch.randn(SLOTS, 1, out, RANK, generator=generator) for out in SLICES)
    return a, b


@pytest.fixture
def x() -> torch.Tensor:
    return torch.randn(len(ROWS), WIDTH, generator=torch.Generator().manual_seed(1))


def wrapper(kind: type[Any], rows: tuple[int, ...] = ROWS) -> Any:
    made = kind(32, 32, torch.device("cpu"), lora_config=SimpleNamespace(max_loras=SLOTS))
    made.update_metadata(LoRAMapping(rows, rows, is_prefill=True), list(IN_SLOTS), SLOTS, 100)
    return made


def one_by_one(x: torch.Tensor, a: torch.Tensor, b: torch.Tensor, rows: tuple[int, ...] = ROWS) -> torch.Tensor:
    """The definition of LoRA."""
    y = torch.zeros(len(rows), b.shape[2])
    for row, adapter in enumerate(rows):
        if adapter:
            slot = IN_SLOTS.index(adapter)
            y[row] = b[slot, 0] @ (a[slot, 0] @ x[row])
    return y


def test_every_row_gets_its_own_adapter_and_rows_without_one_none(weights, x) -> None:
    y = torch.ones(len(ROWS), sum(SLICES))
    wrapper(GatedCPU).add_lora_linear(y, x, *weights, 1.0, SLICES)
    expected = 1 + torch.cat([one_by_one(x, a, b) for a, b in zip(*weights, strict=True)], dim=1)
    assert torch.allclose(y, expected, atol=1e-4)
    assert torch.equal(y[2], torch.ones(sum(SLICES)))


def test_it_agrees_with_vllms_own_path_where_that_has_a_slot_to_spare(weights, x) -> None:
    rows = (7, 7, 5, 9, 5, 5)
    dense, stock = torch.ones(2, len(rows), sum(SLICES))
    wrapper(GatedCPU, rows).add_lora_linear(dense, x, *weights, 0.5, SLICES)
    wrapper(PunicaWrapperCPU, rows).add_lora_linear(stock, x, *weights, 0.5, SLICES)
    assert torch.allclose(dense, stock, atol=1e-4)


@pytest.mark.parametrize("costs", [Costs(0, 0, 0), Costs(segment=1e12)], ids=["apart", "dense"])
def test_either_way_of_computing_gives_the_same(weights, x, costs: Costs) -> None:
    lora, y = wrapper(GatedCPU), torch.zeros(len(ROWS), sum(SLICES))
    lora.costs = costs
    lora.add_lora_linear(y, x, *weights, 0.5, SLICES)
    expected = torch.cat([one_by_one(x, a, b) for a, b in zip(*weights, strict=True)], dim=1)
    assert torch.allclose(y, 0.5 * expected, atol=1e-4)


def test_the_b_of_all_slots_is_one_matrix_and_its_parts_are_written_through() -> None:
    b = CPUModelManager.lay_out(torch.ones(SLOTS, 1, WIDTH, RANK))
    assert b.shape == (SLOTS, 1, WIDTH, RANK)
    assert not b.any()
    b[1, 0] = 1
    joined = b.squeeze(1).transpose(1, 2).flatten(0, 1)
    assert joined.data_ptr() == b.data_ptr()
    assert torch.equal(joined.sum(1) > 0, torch.arange(SLOTS * RANK) // RANK == 1)


def test_a_step_forgets_the_one_before(weights, x) -> None:
    lora = wrapper(GatedCPU)
    lora.update_metadata(LoRAMapping((0, 0), (0, 0), is_prefill=True), list(IN_SLOTS), SLOTS, 100)
    y = torch.zeros(2, sum(SLICES))
    lora.add_lora_linear(y, x[:2], *weights, 1.0, SLICES)
    assert not y.any()


def test_a_mixture_row_beside_plain_ones_gets_the_weighted_sum(weights, x) -> None:
    adapters = {name: LoRARequest(name, number, "/a") for name, number in zip("abc", IN_SLOTS, strict=True)}
    mixture = Mixtures().request([(adapters["c"], 0.25), (adapters["a"], -1.5)])
    assert mixture is not None
    rows = (7, mixture.lora_int_id, 0, 9, 5, mixture.lora_int_id)
    mapping = GatedMapping.of(LoRAMapping(rows, rows), {mixture, *adapters.values()})
    lora, y = wrapper(GatedCPU), torch.zeros(len(rows), sum(SLICES))
    lora.update_metadata(mapping, list(IN_SLOTS), SLOTS, 100)
    lora.add_lora_linear(y, x, *weights, 1.0, SLICES)
    alone = {
        number: torch.cat([one_by_one(x, a, b, (number,) * len(rows)) for a, b in zip(*weights, strict=True)], dim=1)
        for number in IN_SLOTS
    } | {0: torch.zeros(len(rows), sum(SLICES))}
    alone[mixture.lora_int_id] = 0.25 * alone[9] - 1.5 * alone[5]
    assert torch.allclose(y, torch.stack([alone[number][row] for row, number in enumerate(rows)]), atol=1e-4)


def test_steps_that_differ_in_gates_alone_are_not_equal() -> None:
    adapter = LoRARequest("a", 5, "/a")
    one, other = (Mixtures().request([(adapter, gate)]) for gate in (0.5, 0.25))
    assert one is not None
    assert other is not None
    rows = LoRAMapping((one.lora_int_id,), (one.lora_int_id,))
    assert one.lora_int_id == other.lora_int_id  # two servers' books
    assert GatedMapping.of(rows, {one}) != GatedMapping.of(rows, {other})
    assert GatedMapping.of(rows, {one}) == GatedMapping.of(rows, {one})


def test_weights_that_are_not_finite_are_refused() -> None:
    sound, broken = torch.ones(2, 2), torch.tensor([[1.0, torch.nan]])
    layer = SimpleNamespace(lora_a=[sound, None], lora_b=[sound, None])
    check_finite(SimpleNamespace(loras={"q_proj": layer}))
    layer.lora_b = [sound, broken]
    with pytest.raises(ValueError, match="q_proj"):
        check_finite(SimpleNamespace(loras={"q_proj": layer}))


def test_vllm_builds_it_once_the_plugin_is_registered() -> None:
    register()
    made = get_punica_wrapper(8, max_batches=8, device="cpu", lora_config=SimpleNamespace(max_loras=SLOTS))
    assert isinstance(made, GatedCPU)
    assert lora_model_runner_mixin.LRUCacheWorkerLoRAManager is MixtureWorkerManager
