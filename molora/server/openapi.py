"""`/openapi.json`: every route with what it takes, answers and refuses, read off the routes themselves."""

from collections.abc import Callable
from functools import cache
from importlib.metadata import metadata
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from molora.errors import ErrorBody

DOCUMENT_PATH = "/openapi.json"
SCHEMAS = "#/components/schemas/"
CLIENT = {"type": "http", "scheme": "bearer", "description": "A client's key."}
MEANINGS = {
    400: "The request cannot be served as written.",
    401: "The key is missing or wrong.",
    403: "The server was started without administrators' keys.",
    404: "There is no such thing here.",
    408: "The body did not come in time.",
    409: "The experts are such that this cannot be done.",
    413: "The body is larger than its limit.",
    429: "The client asks for more at once than it may.",
    500: "The server is at fault.",
    503: "The server cannot answer now: it is stopping, engine or router fail, or too much is asked at once.",
    507: "The disk is full.",
}
HEADERS = {
    401: {"www-authenticate": "How to say who one is, where HTTP has a word for it."},
    429: {"retry-after": "Seconds."},
    503: {"retry-after": "Seconds."},
}

FASTAPIS_OWN = ("HTTPValidationError", "ValidationError")
"""Schemas of an answer, 422, that no route of ours gives."""

Responses = dict[int | str, dict[str, Any]]
Document = dict[str, Any]


def refusals(*statuses: int) -> Responses:
    """For the `responses` of a route: all of them have the same form."""
    return {status: {"model": ErrorBody} | _meaning(status) for status in statuses}


def _meaning(status: int) -> Document:
    return {"description": MEANINGS[status]} | ({"headers": headers(HEADERS[status])} if status in HEADERS else {})


def headers(meanings: dict[str, str], *, required: bool = False) -> Document:
    return {
        name: {"description": meaning, "required": required, "schema": {"type": "string"}}
        for name, meaning in meanings.items()
    }


def takes(media_type: str, model: type[BaseModel]) -> Document:
    """For the `openapi_extra` of a route that reads its body by hand."""
    schema = model.model_json_schema(ref_template=SCHEMAS + "{model}")
    return {"requestBody": {"required": True, "content": {media_type: {"schema": schema}}}}


def openapi_routes(app: FastAPI, is_closed: Callable[[str], bool]) -> APIRouter:
    """`is_closed` says of a path whether it wants a client's key."""
    api = APIRouter()

    @cache
    def document() -> Document:
        return describe(app, is_closed)

    @api.get(DOCUMENT_PATH)
    async def read_openapi() -> Document:
        """This document."""
        return document()

    return api


def describe(app: FastAPI, is_closed: Callable[[str], bool]) -> Document:
    package = metadata("molora")
    document = get_openapi(title=app.title, version=package["Version"], summary=package["Summary"], routes=app.routes)
    components = document["components"]
    components.setdefault("securitySchemes", {})["client"] = CLIENT
    for name in FASTAPIS_OWN:
        components["schemas"].pop(name, None)
    for path, operations in document["paths"].items():
        for operation in operations.values():
            operation["responses"].pop("422", None)
            components["schemas"] |= _take_schemas(operation)
            if is_closed(path):
                _close(operation)
    return document


def _take_schemas(operation: Document) -> Document:
    """Out of its body, by their names; in the body a reference is left."""
    taken: Document = {}
    for content in operation.get("requestBody", {}).get("content", {}).values():
        schema = content["schema"]
        taken |= schema.pop("$defs", {}) | {schema["title"]: schema}
        content["schema"] = {"$ref": SCHEMAS + schema["title"]}
    return taken


def _close(operation: Document) -> None:
    operation["security"] = [{"client": []}]
    form = {"application/json": {"schema": {"$ref": SCHEMAS + ErrorBody.__name__}}}
    operation["responses"]["401"] = {"content": form} | _meaning(401)
