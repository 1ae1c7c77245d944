"""vLLM's chat serving with the adapters a request was given, a count of its tokens, and errors that tell whose fault
they are."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any, Self

from opentelemetry.propagate import inject
from pydantic import PrivateAttr
from starlette.requests import Request
from vllm.engine.protocol import EngineClient
from vllm.entrypoints.openai.chat_completion.protocol import ChatCompletionRequest
from vllm.entrypoints.openai.chat_completion.serving import OpenAIServingChat
from vllm.entrypoints.serve.engine.protocol import ErrorResponse
from vllm.exceptions import VLLMError
from vllm.lora.request import LoRARequest
from vllm.outputs import RequestOutput

from molora.engine.control import check_texts, control_tokens
from molora.engine.errors import UNCLASSED, explain, explain_unreadable
from molora.engine.grammars import as_grammar
from molora.engine.interface import Body, Usage
from molora.engine.trial import Trial
from molora.errors import BadRequest, MoloraError

SHAPED_BY = ("structured_outputs", "response_format", "tools")
TEXTS = {"tools", "documents", "chat_template_kwargs"}
"""Fields of a request that a template writes into the prompt, beside messages."""


class ExpertRequest(ChatCompletionRequest):
    """With the adapters it meets and the tokens it takes, which are no fields of a client's body."""

    _adapters: LoRARequest | None = PrivateAttr(default=None)
    _usage: Usage = PrivateAttr(default_factory=Usage)

    @property
    def adapters(self) -> LoRARequest | None:
        return self._adapters

    @property
    def usage(self) -> Usage:
        return self._usage

    def meeting(self, adapters: LoRARequest | None, messages: Sequence[Body]) -> Self:
        """A copy. vLLM need not know the experts' names."""
        copy: Self = self.model_copy(update={"model": "base", "messages": list(messages)})
        copy._adapters, copy._usage = adapters, Usage()
        return copy


class ExpertChat(OpenAIServingChat):
    """A request meets exactly its adapters; vLLM's own by modality would give the bare backbone an expert's."""

    def __init__(self, *args: Any, trial: Trial, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.trial, self.control = trial, control_tokens(self.renderer.tokenizer)

    def _maybe_get_adapters(
        self, request: ExpertRequest, supports_default_mm_loras: bool = False
    ) -> LoRARequest | None:
        del supports_default_mm_loras
        return request.adapters

    async def create_chat_completion(self, request: ExpertRequest, raw_request: Request | None = None) -> Any:
        del raw_request  # by a client's headers it would choose priority and session
        return await super().create_chat_completion(request, await read_trace(self.engine_client))

    async def render_chat_request(self, request: ChatCompletionRequest) -> Any:
        """Only the request is at work here, so even Python's own errors are the client's fault."""
        check_texts(self.control, [request.messages, request.model_dump(include=TEXTS)])
        try:
            rendered = await super().render_chat_request(request)
            if not isinstance(rendered, ErrorResponse):
                _, (prompt,) = rendered
                self._check_length(prompt)
                await self._check_shape(request)
        except UNCLASSED as error:
            raise explain_unreadable(error) from error
        return rendered

    def _check_length(self, prompt: Any) -> None:
        """With the pictures in it. vLLM does so later, by a ValueError that could as well be a bug's."""
        length, most = self._extract_prompt_len(prompt), self.model_config.max_model_len
        if length > most:
            raise BadRequest(f"the prompt has {length} tokens with its pictures, more than {most}", param="messages")

    async def _check_shape(self, request: ChatCompletionRequest) -> None:
        """What tools make of it is known by now."""
        shape = request.extract_structured_outputs()
        if shape is not None and not shape.all_constraints_none():
            grammar = as_grammar(shape, self.engine_client.vllm_config.structured_outputs_config)
            await self.trial.check(grammar, next(name for name in SHAPED_BY if getattr(request, name)))

    def chat_completion_stream_generator(
        self, request: ExpertRequest, outputs: AsyncGenerator[RequestOutput, None], *args: Any, **kwargs: Any
    ) -> AsyncGenerator[str, None]:
        events: AsyncGenerator[str, None] = super().chat_completion_stream_generator(
            request, counted(outputs, request.usage), *args, **kwargs
        )
        return events

    def create_streaming_error_response(self, message: str | Exception, *args: Any, **kwargs: Any) -> str:
        """Raises it: who reads the stream has words for it. The engine is at work here, so what is no error of vLLM's
        is not the client's fault."""
        del args, kwargs
        if isinstance(message, VLLMError):
            raise explain(message) from message
        raise MoloraError("the engine failed to answer") from (None if isinstance(message, str) else message)


async def read_trace(client: EngineClient) -> Request | None:
    """The trace under way as vLLM reads it, from an HTTP request's headers; None where vLLM was not told to trace."""
    if not await client.is_tracing_enabled():
        return None
    headers: dict[str, str] = {}
    inject(headers)
    return Request({"type": "http", "headers": [(name.encode(), value.encode()) for name, value in headers.items()]})


async def counted(outputs: AsyncGenerator[RequestOutput, None], usage: Usage) -> AsyncGenerator[RequestOutput, None]:
    """Of a stream, whose outputs hold the tokens that are new; vLLM itself tells no usage of one that is cut short."""
    async with aclosing(outputs):
        async for output in outputs:
            if output.prompt_token_ids is not None:
                usage.prompt_tokens = len(output.prompt_token_ids)
            usage.completion_tokens += sum(len(choice.token_ids) for choice in output.outputs)
            yield output
