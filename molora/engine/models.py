"""The names by which vLLM's front knows who answers."""

from __future__ import annotations

from vllm.entrypoints.openai.models.serving import OpenAIServingModels
from vllm.lora.request import LoRARequest

from molora.engine.gates import components
from molora.engine.versions import expert_of


class ExpertModels(OpenAIServingModels):
    def model_name(self, lora_request: LoRARequest | None = None) -> str:
        """The expert's whose version it is; of a mixture, the one with the largest gate."""
        if lora_request is None:
            base: str = super().model_name()
            return base
        version, _ = max(components(lora_request), key=lambda component: component[1])
        return expert_of(version)
