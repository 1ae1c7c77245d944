"""The names by which vLLM's front knows who answers."""

from __future__ import annotations

from vllm.entrypoints.openai.models.serving import OpenAIServingModels
from vllm.lora.request import LoRARequest

from molora.engine.gates import components


class ExpertModels(OpenAIServingModels):
    def model_name(self, lora_request: LoRARequest | None = None) -> str:
        """Of a mixture, the expert with the largest gate."""
        if lora_request is not None:
            lora_request, _ = max(components(lora_request), key=lambda component: component[1])
        name: str = super().model_name(lora_request)
        return name
