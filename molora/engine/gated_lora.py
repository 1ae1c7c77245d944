"""What vLLM's LoRA needs to know gates, on any platform: checked weights, B in another order, and a step's gates."""

from __future__ import annotations

from abc import abstractmethod

import torch
from torch import Tensor
from vllm.lora.layers import LoRAMapping
from vllm.lora.layers.base_linear import BaseLinearLayerWithLoRA
from vllm.lora.lora_model import LoRAModel
from vllm.lora.model_manager import LRUCacheLoRAModelManager

from molora.engine.loading import check_finite
from molora.engine.mapping import GatedMapping


class GatedModelManager(LRUCacheLoRAModelManager):
    """Lays the weights of linear layers out so that the B of all slots is one matrix, without a copy."""

    @staticmethod
    @abstractmethod
    def lay_out(b: Tensor) -> Tensor:
        """Zeros of the same shape, [slots, 1, out, rank], which vLLM writes through; another order in memory."""

    @staticmethod
    def lay_out_a(stacked: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """The A of layers packed into one, [slots, 1, rank, in] each, where they should lie in memory."""
        return stacked

    def _create_lora_modules(self) -> None:
        super()._create_lora_modules()
        for module in self.modules.values():
            if isinstance(module, BaseLinearLayerWithLoRA):
                module.lora_a_stacked = self.lay_out_a(module.lora_a_stacked)
                module.lora_b_stacked = tuple(map(self.lay_out, module.lora_b_stacked))

    def add_adapter(self, lora: LoRAModel) -> bool:
        check_finite(lora)
        added: bool = super().add_adapter(lora)
        return added


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


def plain(mapping: LoRAMapping) -> LoRAMapping:
    """As vLLM's own kernels may see it: for what no mixture touches."""
    return mapping.without_mixtures() if isinstance(mapping, GatedMapping) else mapping
