"""vLLM's LoRA on CPU with gates: rows of a batch may name adapters or mixtures of them.

vLLM 0.32's own CPU path copies the adapter of each row before it multiplies, which is several times as slow, and gives
rows without an adapter that of the last slot once all slots are taken.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from vllm.config import VllmConfig
from vllm.lora.layers import LoRAMapping
from vllm.lora.layers.base_linear import BaseLinearLayerWithLoRA
from vllm.lora.lora_model import LoRAModel
from vllm.lora.lora_weights import LoRALayerWeights
from vllm.lora.model_manager import LRUCacheLoRAModelManager
from vllm.lora.punica_wrapper.punica_cpu import PunicaWrapperCPU

from molora.engine.mapping import GatedMapping
from molora.engine.products import SEGMENT_COST, RowGates, add_dense, add_segmented, is_dense


class GatedModelManager(LRUCacheLoRAModelManager):
    """Keeps B slot by slot, rank by rank: all slots' B are then one [slots * rank, out] matrix without a copy."""

    def __init__(self, *args: Any, vllm_config: VllmConfig, **kwargs: Any) -> None:
        super().__init__(*args, vllm_config=vllm_config, **kwargs)
        options = vllm_config.additional_config
        cost = int(options.get("lora_segment_cost", SEGMENT_COST)) if isinstance(options, dict) else SEGMENT_COST
        for wrapper in self.punica_wrapper_mapping.values():
            wrapper.segment_cost = cost

    def _create_lora_modules(self) -> None:
        super()._create_lora_modules()
        for module in self.modules.values():
            if isinstance(module, BaseLinearLayerWithLoRA):
                module.lora_b_stacked = tuple(map(_by_rank, module.lora_b_stacked))

    def add_adapter(self, lora: LoRAModel) -> bool:
        check_finite(lora)
        added: bool = super().add_adapter(lora)
        return added


def check_finite(lora: LoRAModel) -> None:
    """Raises ValueError: through a dense product, weights that are not finite would reach every row."""
    for name, layer in lora.loras.items():
        if not all(tensor.isfinite().all() for tensor in _tensors(layer)):
            raise ValueError(f"{name} has LoRA weights that are not finite")


def _tensors(layer: LoRALayerWeights) -> Iterator[Tensor]:
    """A layer packed with others has a list of each, with None where the adapter leaves one out."""
    for weights in (layer.lora_a, layer.lora_b):
        yield from (w for w in (weights if isinstance(weights, list) else [weights]) if w is not None)


def _by_rank(b: Tensor) -> Tensor:
    """The same shape, [slots, 1, out, rank], which vLLM writes through; another order in memory."""
    slots, one, out, rank = b.shape
    return b.new_zeros(slots, one, rank, out).transpose(2, 3)


class GatedLora(PunicaWrapperCPU):
    """One for a model's layers: they share a step's gates."""

    segment_cost = SEGMENT_COST

    def __init__(
        self, max_num_batched_tokens: int, max_batches: int, device: torch.device, *, lora_config: Any, **_: Any
    ) -> None:
        super().__init__(max_num_batched_tokens, max_batches, device)
        self._gates = RowGates(torch.zeros(0, lora_config.max_loras))

    def update_metadata(self, mapping: LoRAMapping, lora_index_to_id: list[int | None], *args: Any, **kw: Any) -> None:
        gated = isinstance(mapping, GatedMapping)
        super().update_metadata(mapping.without_mixtures() if gated else mapping, lora_index_to_id, *args, **kw)
        self._gates = RowGates(gate_matrix(mapping, lora_index_to_id))
        self.no_lora = not self._gates.segments

    def add_lora_linear(  # noqa: PLR0913, PLR0917  # vLLM's signature
        self,
        y: Tensor,
        x: Tensor,
        lora_a_stacked: tuple[Tensor, ...],
        lora_b_stacked: tuple[Tensor, ...],
        scale: float,
        output_slices: tuple[int, ...],
        **_: Any,
    ) -> None:
        """y [rows, sum of the slices' out] += scale * LoRA of x [rows, in]; a slice is a layer packed with others."""
        if self.no_lora:
            return
        start, gates = 0, self._gates.scaled(scale)
        for a, b, width in zip(lora_a_stacked, lora_b_stacked, output_slices, strict=True):
            dense = is_dense(gates, a.shape[2], a.shape[3], width, self.segment_cost)
            add = add_dense if dense else add_segmented
            add(y[:, start : start + width], x, a, b, gates)
            start += width


def gate_matrix(mapping: LoRAMapping, lora_index_to_id: list[int | None]) -> Tensor:
    """[rows, slots], of a step's rows and of the adapter in each slot."""
    table = dict(mapping.table) if isinstance(mapping, GatedMapping) else {}
    slots = {adapter: slot for slot, adapter in enumerate(lora_index_to_id) if adapter is not None}
    numbers, rows = torch.unique(torch.tensor(mapping.index_mapping, dtype=torch.int64), return_inverse=True)
    parts = [table.get(number, ((number, 1.0),) if number else ()) for number in numbers.tolist()]
    entries = [(row, slots[adapter], gate) for row, adapters in enumerate(parts) for adapter, gate in adapters]
    gates = torch.zeros(len(parts), len(lora_index_to_id))
    if entries:
        where, slot, gate = zip(*entries, strict=True)
        gates[list(where), list(slot)] = torch.tensor(gate, dtype=gates.dtype)
    return gates[rows]
