"""vLLM's own chat serving, behind the few lines that hand it a request and take its answer back."""

import json
from collections.abc import AsyncGenerator, Sequence
from typing import Any

from pydantic import ValidationError
from vllm.engine.protocol import EngineClient
from vllm.entrypoints.openai.chat_completion.protocol import ChatCompletionResponse
from vllm.entrypoints.openai.models.protocol import BaseModelPath
from vllm.entrypoints.serve.engine.protocol import ErrorResponse
from vllm.exceptions import VLLMError
from vllm.lora.request import LoRARequest
from vllm.renderers.online_renderer import OnlineRenderer

from molora.engine.errors import UNCLASSED, explain, explain_invalid, explain_response, explain_unreadable
from molora.engine.expert_chat import ExpertChat, ExpertRequest
from molora.engine.interface import Body, Completion, Stream, Usage
from molora.engine.models import ExpertModels
from molora.engine.trial import Trial
from molora.errors import BadRequest, Unavailable

# By the first two one vLLM node hands work to another; the others fail on messages with pictures.
UNSERVED_FIELDS = ("kv_transfer_params", "ec_transfer_params", "echo", "truncate_prompt_tokens")


def build_chat(client: EngineClient, model: str, trial: Trial) -> ExpertChat:
    models = ExpertModels(client, [BaseModelPath(name="base", model_path=model)])
    shared: dict[str, Any] = {
        "request_logger": None,
        "chat_template": None,
        "chat_template_content_format": "auto",
    }
    renderer = OnlineRenderer(model_config=client.model_config, renderer=client.renderer, **shared)
    renderer.warmup()
    return ExpertChat(client, models, "assistant", online_renderer=renderer, trial=trial, **shared)


def parse(body: Body) -> ExpertRequest:
    """Raises BadRequest for a body that is no chat request."""
    for field in UNSERVED_FIELDS:
        if body.get(field) is not None and body[field] is not False:
            raise BadRequest(f"{field} is not served", param=field)
    try:
        request: ExpertRequest = ExpertRequest.model_validate(body)
    except ValidationError as error:
        raise explain_invalid(error) from None
    except VLLMError as error:
        raise explain(error) from None
    except UNCLASSED as error:
        raise explain_unreadable(error) from None
    return request


async def answer(
    chat: ExpertChat, request: ExpertRequest, messages: Sequence[Body], adapters: LoRARequest | None
) -> Completion | Stream:
    """Raises MoloraError for whatever vLLM refuses, in a stream as well: its first event has been seen on return.

    Any other exception is a bug, the server's fault.
    """
    request = request.meeting(adapters, messages)
    try:
        result = await chat.create_chat_completion(request)
        if isinstance(result, ErrorResponse):
            raise explain_response(result.model_dump()["error"])
        if isinstance(result, ChatCompletionResponse):
            return Completion(result.model_dump())
        return await _open(result, request.usage)
    except VLLMError as error:
        raise explain(error) from error


async def read_prompt_logprobs(
    chat: ExpertChat, messages: Sequence[Body], adapters: LoRARequest | None
) -> list[tuple[int, float]]:
    """Of every token of the prompt but the first, which none foretells."""
    request = parse({"messages": list(messages), "max_tokens": 1, "temperature": 0, "prompt_logprobs": 0})
    told = await answer(chat, request, messages, adapters)
    assert isinstance(told, Completion)
    tokens = (next(iter(token.items())) for token in told.body["prompt_logprobs"] if token)
    return [(int(number), float(entry["logprob"])) for number, entry in tokens]


async def _open(events: AsyncGenerator[str, None], usage: Usage) -> Stream:
    event = await anext(events, "")
    if not event.startswith("data: {"):
        raise Unavailable("the engine ended the stream before it began")
    return Stream(json.loads(event.removeprefix("data: ")), events, usage)
