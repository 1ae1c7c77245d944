"""A request's messages, with their pictures; and what the router sees of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from PIL import Image

from molora.errors import BadRequest
from molora.router.query import Query
from molora.server.pictures import Pictures

ROLES = ("system", "developer", "user", "assistant", "tool")
TEXT_PARTS = ("text", "input_text", "refusal")

Message = dict[str, Any]


@dataclass(frozen=True)
class Prompt:
    """A conversation as the engine takes it, and what the router sees of it."""

    messages: list[Message]
    query: Query

    @property
    def num_pictures(self) -> int:
        contents = [message.get("content") for message in self.messages]
        return sum(part["type"] == "image_pil" for parts in contents if isinstance(parts, list) for part in parts)


async def read_prompt(messages: Any, pictures: Pictures) -> Prompt:
    """Raises BadRequest for what is no list of messages, a broken picture, a part that is neither text nor picture."""
    if not isinstance(messages, list) or not messages:
        raise BadRequest("messages must be a list with at least one message", param="messages")
    urls: dict[str, Any] = {}
    read = [_read_message(message, f"messages.{index}", urls) for index, message in enumerate(messages)]
    images = await pictures.read(urls)
    placed = [_place_images(message, images) for message in read]
    return Prompt(placed, _query(placed))


def _read_message(message: Any, param: str, urls: dict[str, Any]) -> Message:
    if not isinstance(message, dict):
        raise BadRequest("a message must be an object", param=param)
    if message.get("role") not in ROLES:
        raise BadRequest(f"a message's role is one of {', '.join(ROLES)}", param=f"{param}.role")
    content = message.get("content")
    if content is None or isinstance(content, str):
        return message
    if not isinstance(content, list):
        raise BadRequest("content must be a string or a list of parts", param=f"{param}.content")
    return {**message, "content": [_read_part(part, f"{param}.content.{i}", urls) for i, part in enumerate(content)]}


def _read_part(part: Any, param: str, urls: dict[str, Any]) -> dict[str, Any]:
    """A picture's URL is noted in `urls`, and its key there stands for the picture."""
    kind = part.get("type") if isinstance(part, dict) else None
    if kind in TEXT_PARTS:
        return _text_part(part, kind, param)
    if kind != "image_url":
        raise BadRequest("a message's parts must be of type text or image_url", param=param)
    source, place = part.get("image_url"), f"{param}.image_url"
    urls[place] = source.get("url") if isinstance(source, dict) else source
    return {"type": "image_pil", "image_pil": place}


def _place_images(message: Message, images: Mapping[str, Image.Image]) -> Message:
    content = message.get("content")
    if not isinstance(content, list):
        return message
    parts = [
        part if part["type"] == "text" else {"type": "image_pil", "image_pil": images[part["image_pil"]]}
        for part in content
    ]
    return {**message, "content": parts}


def _text_part(part: dict[str, Any], kind: str, param: str) -> dict[str, Any]:
    key = "refusal" if kind == "refusal" else "text"
    if not isinstance(part.get(key), str):
        raise BadRequest(f"{key} must be a string", param=f"{param}.{key}")
    return {"type": "text", "text": part[key]}


def _query(messages: Sequence[Message]) -> Query:
    """The last user message, and those before it; empty where there is none."""
    turns = [_as_turn(message.get("content") or "") for message in messages if message.get("role") == "user"]
    return replace(turns[-1], earlier=tuple(turns[:-1])) if turns else Query("")


def _as_turn(content: str | list[dict[str, Any]]) -> Query:
    if isinstance(content, str):
        return Query(content)
    text = "\n".join(part["text"] for part in content if part["type"] == "text")
    return Query(text, tuple(part["image_pil"] for part in content if part["type"] == "image_pil"))
