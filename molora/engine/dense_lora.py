"""Every LoRA row of a batch in one pair of dense products, whatever adapters the rows name; for vLLM on CPU.

With the slots' A stacked to [slots * rank, in] and their B to [slots * rank, out], `y += ((x A^T) * G) B` serves all
rows at once, where G [rows, slots] is 1 in the slot a row names: the same work for each mix of adapters. vLLM 0.32's
own CPU path copies the adapter of each row first, which is several times as slow, and gives rows without an adapter
that of the last slot once all slots are taken.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from vllm.lora.layers import LoRAMapping
from vllm.lora.layers.base_linear import BaseLinearLayerWithLoRA
from vllm.lora.lora_model import LoRAModel
from vllm.lora.lora_weights import LoRALayerWeights
from vllm.lora.model_manager import LRUCacheLoRAModelManager
from vllm.lora.punica_wrapper.punica_cpu import PunicaWrapperCPU

from molora.engine.mapping import GatedMapping


class DenseModelManager(LRUCacheLoRAModelManager):
    """Keeps B slot by slot, rank by rank: all slots' B are then one [slots * rank, out] matrix without a copy."""

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


class DenseLora(PunicaWrapperCPU):
    """One for a model's layers: they share a step's G."""

    def __init__(
        self, max_num_batched_tokens: int, max_batches: int, device: torch.device, *, lora_config: Any, **_: Any
    ) -> None:
        super().__init__(max_num_batched_tokens, max_batches, device)
        self._gates = torch.zeros(max_num_batched_tokens, lora_config.max_loras, 1, device=device)

    def update_metadata(self, mapping: LoRAMapping, lora_index_to_id: list[int | None], *args: Any, **kw: Any) -> None:
        gated = isinstance(mapping, GatedMapping)
        super().update_metadata(mapping.without_mixtures() if gated else mapping, lora_index_to_id, *args, **kw)
        numbers, rows = torch.unique(torch.tensor(mapping.index_mapping), return_inverse=True)
        table = dict(mapping.table) if gated else {}
        parts = [table.get(number, ((number, 1.0),) if number else ()) for number in numbers.tolist()]
        slots = {adapter: slot for slot, adapter in enumerate(lora_index_to_id) if adapter is not None}
        gates = torch.zeros(len(parts), self._gates.shape[1])
        for row, adapters in enumerate(parts):
            for adapter, gate in adapters:
                gates[row, slots[adapter]] = gate
        self._gates[: len(rows), :, 0] = gates[rows]
        self.no_lora = not gates.any()

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
        start = 0
        for a, b, width in zip(lora_a_stacked, lora_b_stacked, output_slices, strict=True):
            add_dense(y[:, start : start + width], x, a, b, scale * self._gates[: len(x)])
            start += width


def add_dense(y: Tensor, x: Tensor, a: Tensor, b: Tensor, gates: Tensor) -> None:
    """y [rows, out] += ((x A^T) * gates) B, of x [rows, in], a [slots, 1, rank, in], b [slots, 1, out, rank].

    gates [rows, slots, 1]; where one is 0 its adapter has no say, not even by a value that is not finite.
    """
    slots, _, rank, _ = a.shape
    shrunk = (x @ a.flatten(0, 2).T).view(-1, slots, rank)
    gated = torch.where(gates == 0, 0, shrunk * gates).flatten(1)
    y.addmm_(gated.to(y.dtype), b.squeeze(1).transpose(1, 2).flatten(0, 1))
