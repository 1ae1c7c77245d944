"""vLLM's LoRA on CPU with gates.

vLLM 0.32's own path copies the adapter of each row before it multiplies, which is several times as slow, and gives rows
without an adapter that of the last slot once all slots are taken.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from vllm.config import VllmConfig
from vllm.lora.layers import LoRAMapping
from vllm.lora.punica_wrapper.punica_cpu import PunicaWrapperCPU

from molora.engine.gated_lora import GatedModelManager, gate_matrix, plain
from molora.engine.products import Costs, RowGates, add_apart, add_dense, is_dense


class CPUModelManager(GatedModelManager):
    """Keeps B as [slots, rank, out], and the A of layers packed into one behind each other.

    vLLM's `additional_config` may hold `lora_costs`, fields of `products.Costs`.
    """

    def __init__(self, *args: Any, vllm_config: VllmConfig, **kwargs: Any) -> None:
        super().__init__(*args, vllm_config=vllm_config, **kwargs)
        if isinstance(options := vllm_config.additional_config, dict):
            for wrapper in self.punica_wrapper_mapping.values():
                wrapper.costs = Costs(**options.get("lora_costs", {}))

    @staticmethod
    def lay_out_a(stacked: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return torch.stack(stacked).unbind()

    @staticmethod
    def lay_out(b: Tensor) -> Tensor:
        slots, one, out, rank = b.shape
        return b.new_zeros(slots, one, rank, out).transpose(2, 3)


class GatedCPU(PunicaWrapperCPU):
    """One for a model's layers: they share a step's gates."""

    costs = Costs()

    def __init__(
        self, max_num_batched_tokens: int, max_batches: int, device: torch.device, *, lora_config: Any, **_: Any
    ) -> None:
        super().__init__(max_num_batched_tokens, max_batches, device)
        self._gates = RowGates(torch.zeros(0, lora_config.max_loras))

    def update_metadata(self, mapping: LoRAMapping, lora_index_to_id: list[int | None], *args: Any, **kw: Any) -> None:
        super().update_metadata(plain(mapping), lora_index_to_id, *args, **kw)
        self._gates = RowGates(gate_matrix(mapping, lora_index_to_id))
        self.no_lora = not self._gates.work_apart.segments

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
        gates = self._gates.scaled(scale)
        width = sum(a.shape[-1] for a in lora_a_stacked) + sum(output_slices)
        dense = is_dense(gates, lora_a_stacked[0].shape[2], width, self.costs, len(lora_a_stacked))
        add = add_dense if dense else add_apart
        add(torch.split(y, list(output_slices), 1), x, lora_a_stacked, lora_b_stacked, gates)
