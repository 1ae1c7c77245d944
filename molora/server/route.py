"""`POST /v1/route`: the decision alone, for one conversation or for many questions; nothing is generated."""

import asyncio
from typing import Any

from fastapi import APIRouter, Request
from pydantic import Field

from molora.errors import BadRequest
from molora.router.query import AUTO, Query, Wishes
from molora.server.body import Strict, check, read_json
from molora.server.core import Core
from molora.server.prompt import read_picture, read_prompt
from molora.server.wishes import read_wishes

MAX_QUERIES = 1024


class Question(Strict):
    """`image` is a data URL."""

    question: str
    image: str | None = None


class RouteRequest(Strict):
    """Either `messages`, as in a chat request, or `queries`."""

    messages: list[Any] | None = None
    queries: list[Question] | None = Field(default=None, min_length=1, max_length=MAX_QUERIES)
    routing: Any = None


def route_routes(core: Core) -> APIRouter:
    api = APIRouter()

    @api.post("/v1/route")
    async def route(request: Request) -> dict[str, Any]:
        read = check(RouteRequest, await read_json(request))
        wishes = read_wishes(AUTO, read.routing)
        if (read.messages is None) == (read.queries is None):
            raise BadRequest("give either messages or queries", param="messages")
        if read.queries is None:
            return await _route_one(core, (await read_prompt(read.messages)).query, wishes)
        return {"data": await _route_many(core, read.queries, wishes)}

    return api


async def _route_many(core: Core, questions: list[Question], wishes: Wishes) -> list[dict[str, Any]]:
    queries = [await _as_query(question, f"queries.{i}.image") for i, question in enumerate(questions)]
    return await asyncio.gather(*(_route_one(core, query, wishes) for query in queries))


async def _route_one(core: Core, query: Query, wishes: Wishes) -> dict[str, Any]:
    return (await core.decide(query, wishes)).to_dict()


async def _as_query(question: Question, param: str) -> Query:
    images = () if question.image is None else (await read_picture(question.image, param),)
    return Query(question.question, images)
