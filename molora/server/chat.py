"""`POST /v1/chat/completions`: route the question, let the engine answer, pass the answer on."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from openai.types.chat import ChatCompletion

from molora.engine.interface import Stream
from molora.errors import BadRequest, MoloraError
from molora.router.query import AUTO, BASE, Decision, DecisionBody
from molora.server.asking import with_defaults, with_system_prompt
from molora.server.body import read_json
from molora.server.chat_request import ChatRequest
from molora.server.core import Core
from molora.server.disconnect import until_disconnect
from molora.server.limits import check_limits
from molora.server.metrics import CHAT_PATH
from molora.server.openapi import headers, refusals, takes
from molora.server.prompt import Prompt, read_prompt
from molora.server.record import Record
from molora.server.wishes import read_model, read_wishes

HEADERS = {
    "x-molora-expert": "Who answers: the expert with the largest gate, or `base`.",
    "x-molora-source": "Who chose: `router`, `agent`, `manual` or `fallback`.",
    "x-molora-confidence": "The largest probability.",
    "x-molora-router-ms": "Milliseconds the decision took.",
}
REQUEST_ID = {
    "name": "x-request-id",
    "in": "header",
    "description": "The client's own name for the request; the `id` of the answer is `chatcmpl-` and this.",
    "schema": {"type": "string"},
}
ANSWER: dict[str, Any] = {
    "description": "OpenAI's; of a stream the first chunk carries `routing`.",
    "headers": headers(HEADERS, required=True),
    "content": {"text/event-stream": {}},
}


class RoutedCompletion(ChatCompletion):
    """OpenAI's answer, with the decision."""

    routing: DecisionBody


def chat_routes(core: Core) -> APIRouter:
    api = APIRouter()

    @api.post(
        CHAT_PATH,
        response_model=RoutedCompletion,
        responses=refusals(400, 404, 408, 413, 429, 503) | {200: ANSWER},
        openapi_extra=takes("application/json", ChatRequest) | {"parameters": [REQUEST_ID]},
    )
    async def chat(request: Request) -> Response:
        """The answer of an expert, of several at once, or of the bare backbone."""
        record: Record = request.state.record
        body = await read_json(request, core.config.limits)
        record.take_body(body)
        check_limits(body, core.config.limits)
        return await until_disconnect(request, answer(core, body, record))

    return api


async def answer(core: Core, body: dict[str, Any], record: Record) -> Response:
    """The answer's `model` is who answered, an expert or `base`, as OpenAI names the snapshot behind an alias."""
    started = time.perf_counter()
    model = read_model(body.get("model"), core.registry)
    wishes = read_wishes(model, body.pop("routing", None))
    parsed = core.engine.parse(body)
    prompt = await read_prompt(body.get("messages"), core.pictures)
    record.take_prompt(prompt)
    check_question(model, prompt)
    with record.spans.part("router"):
        decision = record.decision = await core.decide(prompt.query, wishes)
    core.metrics.count_request(decision)
    core.registry.touch(decision.gates)
    messages = prompt.messages
    if decision.expert != BASE:
        profile = core.registry[decision.expert].profile
        full, messages = with_defaults(body, profile), with_system_prompt(messages, profile)
        parsed = parsed if full is body else core.engine.parse(full)
    core.health.check()
    with record.spans.part("engine", lasts=True):
        async with core.under_way.one():
            result = await core.engine.chat(parsed, messages, decision.gates)
    record.usage = result.usage
    if isinstance(result, Stream):
        events = stream(core, result, decision, started, record)
        return StreamingResponse(events, media_type="text/event-stream", headers=decision.to_headers())
    core.metrics.observe_end(decision.expert, started)
    return JSONResponse(result.body | {"routing": decision.to_dict()}, headers=decision.to_headers())


def check_question(model: str, prompt: Prompt) -> None:
    """Raises BadRequest where there is nothing to route by."""
    if model == AUTO and not any(message.get("role") == "user" for message in prompt.messages):
        raise BadRequest("model 'auto' routes by the last user message, and there is none", param="messages")


async def stream(
    core: Core, answer: Stream, decision: Decision, started: float, record: Record
) -> AsyncGenerator[str, None]:
    """Server-sent events; the first one carries the decision. The engine stops when this is closed.

    For a client that reads slowly many are ready at once: others have their turn between them.
    """
    core.metrics.observe_first_chunk(decision.expert, started)
    try:
        async with aclosing(answer.rest) as rest, core.under_way.one():
            yield _event(answer.first | {"routing": decision.to_dict()})
            async for event in rest:
                yield event
                await asyncio.sleep(0)
    except MoloraError as error:
        record.take_error(error)
        yield _event(error.to_dict())
        yield "data: [DONE]\n\n"
    core.metrics.observe_end(decision.expert, started)


def _event(body: Mapping[str, Any]) -> str:
    return f"data: {json.dumps(body)}\n\n"
