"""Which adapter or mixture each row of a batch names, as vLLM's worker hands it to the kernels."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from vllm.lora.layers import LoRAMapping
from vllm.lora.request import LoRARequest

from molora.engine.gates import components, is_mixture

Table = tuple[tuple[int, tuple[tuple[int, float], ...]], ...]
"""Of every mixture its id, and the ids of its adapters with their gates."""


@dataclass
class GatedMapping(LoRAMapping):
    """Equal to another only if its gates are: vLLM does nothing for a step whose mapping equals the last one's."""

    table: Table = ()

    @staticmethod
    def of(mapping: LoRAMapping, requests: Iterable[LoRARequest]) -> GatedMapping:
        mixtures = sorted((r.lora_int_id, components(r)) for r in requests if is_mixture(r))
        table = tuple((number, tuple((a.lora_int_id, gate) for a, gate in parts)) for number, parts in mixtures)
        return GatedMapping(mapping.index_mapping, mapping.prompt_mapping, mapping.is_prefill, mapping.type, table)

    def without_mixtures(self) -> LoRAMapping:
        """Their rows name nothing."""
        mixtures = {number for number, _ in self.table}
        rows, prompts = (
            tuple(0 if number in mixtures else number for number in numbers)
            for numbers in (self.index_mapping, self.prompt_mapping)
        )
        return LoRAMapping(rows, prompts, self.is_prefill, self.type)
