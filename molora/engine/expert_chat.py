"""vLLM's chat serving with the adapters a request was given, and with errors that tell whose fault they are."""

from collections.abc import Sequence
from typing import Any, Self

from pydantic import PrivateAttr
from vllm.entrypoints.openai.chat_completion.protocol import ChatCompletionRequest
from vllm.entrypoints.openai.chat_completion.serving import OpenAIServingChat
from vllm.entrypoints.serve.engine.protocol import ErrorResponse
from vllm.exceptions import VLLMError
from vllm.lora.request import LoRARequest

from molora.engine.errors import UNCLASSED, explain, explain_unreadable
from molora.engine.interface import Body
from molora.errors import BadRequest, MoloraError


class ExpertRequest(ChatCompletionRequest):
    """With the adapters it meets, which are no field of a client's body."""

    _adapters: LoRARequest | None = PrivateAttr(default=None)

    @property
    def adapters(self) -> LoRARequest | None:
        return self._adapters

    def meeting(self, adapters: LoRARequest | None, messages: Sequence[Body]) -> Self:
        """A copy. vLLM need not know the experts' names."""
        copy: Self = self.model_copy(update={"model": "base", "messages": list(messages)})
        copy._adapters = adapters
        return copy


class ExpertChat(OpenAIServingChat):
    """A request meets exactly its adapters; vLLM's own by modality would give the bare backbone an expert's."""

    def _maybe_get_adapters(
        self, request: ExpertRequest, supports_default_mm_loras: bool = False
    ) -> LoRARequest | None:
        del supports_default_mm_loras
        return request.adapters

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
        """Raises it: who reads the stream has words for it. The engine is at work here, so what is no error of vLLM's
        is not the client's fault."""
        del args, kwargs
        if isinstance(message, VLLMError):
            raise explain(message) from message
        raise MoloraError("the engine failed to answer") from (None if isinstance(message, str) else message)
