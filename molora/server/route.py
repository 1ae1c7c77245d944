"""`POST /v1/route`: the decision alone, for one conversation or for many questions; nothing is generated."""

import asyncio

from fastapi import APIRouter, Request
from PIL import Image
from pydantic import ConfigDict, Field, JsonValue, SkipValidation
from typing_extensions import TypedDict

from molora.errors import BadRequest
from molora.router.query import AUTO, DecisionBody, Query, Wishes
from molora.server.admission import ROUTE_PATH
from molora.server.body import Strict, check, read_json
from molora.server.chat_request import Message
from molora.server.core import Core
from molora.server.openapi import refusals, takes
from molora.server.prompt import read_prompt
from molora.server.record import Record
from molora.server.wishes import Routing, read_wishes

MAX_QUERIES = 1024
EITHER: list[JsonValue] = [
    {"required": [one], "properties": {one: {"type": "array"}, other: {"type": "null"}}}
    for one, other in (("messages", "queries"), ("queries", "messages"))
]
"""In JSON Schema."""


class Question(Strict):
    """`image` is a URL, as in a chat request."""

    question: str
    image: str | None = None


class RouteRequest(Strict):
    """Either `messages`, as in a chat request and read as there, or `queries`."""

    model_config = ConfigDict(json_schema_extra={"oneOf": EITHER})

    messages: list[SkipValidation[Message]] | None = Field(default=None, min_length=1)
    queries: list[Question] | None = Field(default=None, min_length=1, max_length=MAX_QUERIES)
    routing: Routing | None = None


class Decisions(TypedDict):
    """One for each query, in their order."""

    data: list[DecisionBody]


def route_routes(core: Core) -> APIRouter:
    api = APIRouter()

    @api.post(
        ROUTE_PATH,
        responses=refusals(400, 408, 413, 429, 503),
        openapi_extra=takes("application/json", RouteRequest),
    )
    async def route(request: Request) -> DecisionBody | Decisions:
        """The decision alone, for one conversation or for many questions."""
        read = check(RouteRequest, await read_json(request, core.config.limits))
        wishes = read_wishes(AUTO, read.routing)
        if (read.messages is None) == (read.queries is None):
            raise BadRequest("give either messages or queries", param="messages")
        if read.queries is None:
            prompt = await read_prompt(read.messages, core.pictures)
            record: Record = request.state.record
            record.take_prompt(prompt)
            record.decision = await core.decide(prompt.query, wishes)
            return record.decision.to_dict()
        return {"data": await _route_many(core, read.queries, wishes)}

    return api


async def _route_many(core: Core, questions: list[Question], wishes: Wishes) -> list[DecisionBody]:
    urls = {f"queries.{i}.image": question.image for i, question in enumerate(questions) if question.image is not None}
    images = await core.pictures.read(urls)
    queries = [_as_query(question, images.get(f"queries.{i}.image")) for i, question in enumerate(questions)]
    return await asyncio.gather(*(_route_one(core, query, wishes) for query in queries))


async def _route_one(core: Core, query: Query, wishes: Wishes) -> DecisionBody:
    return (await core.decide(query, wishes)).to_dict()


def _as_query(question: Question, image: Image.Image | None) -> Query:
    return Query(question.question, () if image is None else (image,))
