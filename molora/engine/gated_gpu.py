"""vLLM's LoRA on CUDA with gates: all slots as one adapter of rank slots * rank, by vLLM's own Triton kernels.

Shrink, one multiplication by the step's gates, expand: the same launches on the same static buffers for hard, top-2 and
soft, so that one CUDA graph replays them all. Rows without a gate are left out, as in vLLM.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from vllm.lora.layers import LoRAMapping
from vllm.lora.ops.triton_ops import LoRAKernelMeta, lora_expand, lora_shrink
from vllm.lora.punica_wrapper.punica_gpu import PunicaWrapperGPU

from molora.engine.gated_lora import GatedModelManager, gate_matrix, plain


class GPUModelManager(GatedModelManager):
    """Keeps B as [out, slots, rank], which is the B [out, slots * rank] of the one adapter."""

    @staticmethod
    def lay_out(b: Tensor) -> Tensor:
        slots, one, out, rank = b.shape
        return b.new_zeros(one, out, slots, rank).permute(2, 0, 1, 3)


class GatedGPU(PunicaWrapperGPU):  # vLLM calls it final, for type checkers alone
    """One for a model's layers: they share a step's gates."""

    def __init__(self, max_num_batched_tokens: int, max_batches: int, device: torch.device, **kwargs: Any) -> None:
        super().__init__(max_num_batched_tokens, max_batches, device, **kwargs)
        self._gates = torch.zeros(max_num_batched_tokens, self.max_loras, 1, device=device)
        self._off = torch.ones_like(self._gates, dtype=torch.bool)
        self._meta = LoRAKernelMeta.make(1, max_num_batched_tokens, device)

    def update_metadata(self, mapping: LoRAMapping, lora_index_to_id: list[int | None], *args: Any, **kw: Any) -> None:
        super().update_metadata(plain(mapping), lora_index_to_id, *args, **kw)
        gates = gate_matrix(mapping, lora_index_to_id)
        self._gates[: len(gates), :, 0].copy_(gates)
        self._off[: len(gates), :, 0].copy_(gates == 0)
        self._meta.prepare_tensors(torch.where(gates.any(1), 0, -1))

    def add_lora_linear(  # noqa: PLR0913, PLR0917  # vLLM's signature
        self,
        y: Tensor,
        x: Tensor,
        lora_a_stacked: tuple[Tensor, ...],
        lora_b_stacked: tuple[Tensor, ...],
        scale: float,
        output_slices: tuple[int, ...],
        *,
        add_inputs: bool = True,
        **_: Any,
    ) -> None:
        """y [rows, sum of the slices' out] += scale * LoRA of x [rows, in]; a slice is a layer packed with others."""
        x = x.view(-1, x.shape[-1])
        meta = self._meta.meta_args(len(x), specialize_active_lora=False)
        a, b = [_one_a(a) for a in lora_a_stacked], [_one_b(b) for b in lora_b_stacked]
        shrunk = torch.empty((len(output_slices), len(x), a[0].shape[2]), dtype=torch.float32, device=x.device)
        lora_shrink(x, a, shrunk, *meta, scale)
        parts = shrunk.view(len(a), len(x), self.max_loras, -1).mul_(self._gates[: len(x)])
        parts.masked_fill_(self._off[: len(x)], 0)  # a product that overflowed would spoil rows of other adapters
        lora_expand(shrunk, b, y.view(-1, y.shape[-1]), *meta, offset_start=0, add_inputs=add_inputs)


def _one_a(a: Tensor) -> Tensor:
    """[slots, 1, rank, in] as [1, 1, slots * rank, in]."""
    return a.view(1, 1, -1, a.shape[-1])


def _one_b(b: Tensor) -> Tensor:
    """[slots, 1, out, rank], laid out by `GPUModelManager`, as [1, 1, out, slots * rank]."""
    return b.permute(1, 2, 0, 3).view(1, 1, b.shape[2], -1)
