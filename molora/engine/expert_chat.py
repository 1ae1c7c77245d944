"""vLLM's chat serving with the gates a request was given, and with errors that tell whose fault they are."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

from pydantic import PrivateAttr
from vllm.entrypoints.openai.chat_completion.protocol import ChatCompletionRequest
from vllm.entrypoints.openai.chat_completion.serving import OpenAIServingChat
from vllm.entrypoints.serve.engine.protocol import ErrorResponse
from vllm.exceptions import VLLMError, VLLMServerError
from vllm.lora.request import LoRARequest

from molora.engine.errors import UNCLASSED, explain_unreadable
from molora.engine.gates import Mixtures
from molora.engine.interface import Body
from molora.errors import BadRequest


class GatedRequest(ChatCompletionRequest):
    """With gates, which are no field of a client's body."""

    _gates: Mapping[str, float] = PrivateAttr(default_factory=dict)

    @property
    def gates(self) -> Mapping[str, float]:
        return self._gates

    def with_gates(self, gates: Mapping[str, float], messages: Sequence[Body]) -> Self:
        """A copy; its model is the expert with the largest gate."""
        model = max(gates, key=gates.__getitem__, default="base")
        copy: Self = self.model_copy(update={"model": model, "messages": list(messages)})
        copy._gates = gates
        return copy


class ExpertChat(OpenAIServingChat):
    """A request meets exactly its gates; vLLM's adapters by modality would give the bare backbone an expert's."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._mixtures = Mixtures()

    def _maybe_get_adapters(self, request: GatedRequest, supports_default_mm_loras: bool = False) -> LoRARequest | None:
        del supports_default_mm_loras
        return self._mixtures.request(request.gates, self.models.lora_requests)

    async def render_chat_request(self, request: ChatCompletionRequest) -> Any:
        """Only the request is at work here, so even Python's own errors are the client's fault."""
        try:
            rendered = await super().render_chat_request(request)
        except UNCLASSED as error:
            raise explain_unreadable(error) from error
        if not isinstance(rendered, ErrorResponse):
            _, (prompt,) = rendered
            self._check_length(prompt)
        return rendered

    def _check_length(self, prompt: Any) -> None:
        """With the pictures in it. vLLM does so later, by a ValueError that could as well be a bug's."""
        length, most = self._extract_prompt_len(prompt), self.model_config.max_model_len
        if length > most:
            raise BadRequest(f"the prompt has {length} tokens with its pictures, more than {most}", param="messages")

    def create_streaming_error_response(self, message: str | Exception, *args: Any, **kwargs: Any) -> str:
        """In a stream the engine is at work: an error that is none of vLLM's own is not the client's fault."""
        if not isinstance(message, (str, VLLMError)):
            message = VLLMServerError("the engine failed to answer")
        reply: str = super().create_streaming_error_response(message, *args, **kwargs)
        return reply
