"""A request's messages, with their pictures decoded off the event loop; and what the router sees of them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PIL import Image

from molora.errors import BadRequest
from molora.router.query import Query
from molora.server.media import decode

TEXT_PARTS = ("text", "input_text", "refusal")

Message = dict[str, Any]


@dataclass(frozen=True)
class Prompt:
    """A conversation as the engine takes it, and what the router sees of it."""

    messages: list[Message]
    query: Query


async def read_prompt(messages: Any) -> Prompt:
    """Raises BadRequest for what is no list of messages, a broken picture, a part that is neither text nor picture."""
    if not isinstance(messages, list) or not messages:
        raise BadRequest("messages must be a list with at least one message", param="messages")
    if has_pictures(messages):
        messages = await asyncio.to_thread(_decode_messages, messages)
    else:
        messages = _decode_messages(messages)
    return Prompt(messages, _query(messages))


async def read_picture(url: Any, param: str) -> Image.Image:
    return await asyncio.to_thread(decode, url, param)


def has_pictures(messages: Sequence[Any]) -> bool:
    return any(
        isinstance(part, dict) and part.get("type") not in TEXT_PARTS
        for message in messages
        if isinstance(message, dict) and isinstance(message.get("content"), list)
        for part in message["content"]
    )


def _decode_messages(messages: Sequence[Any]) -> list[Message]:
    return [_decode_message(message, f"messages.{index}") for index, message in enumerate(messages)]


def _decode_message(message: Any, param: str) -> Message:
    if not isinstance(message, dict):
        raise BadRequest("a message must be an object", param=param)
    content = message.get("content")
    if content is None or isinstance(content, str):
        return message
    if not isinstance(content, list):
        raise BadRequest("content must be a string or a list of parts", param=f"{param}.content")
    return {**message, "content": [_decode_part(part, f"{param}.content.{i}") for i, part in enumerate(content)]}


def _decode_part(part: Any, param: str) -> dict[str, Any]:
    kind = part.get("type") if isinstance(part, dict) else None
    if kind in TEXT_PARTS:
        return _text_part(part, kind, param)
    if kind != "image_url":
        raise BadRequest("a message's parts must be of type text or image_url", param=param)
    source = part.get("image_url")
    url = source.get("url") if isinstance(source, dict) else source
    return {"type": "image_pil", "image_pil": decode(url, f"{param}.image_url")}


def _text_part(part: dict[str, Any], kind: str, param: str) -> dict[str, Any]:
    key = "refusal" if kind == "refusal" else "text"
    if not isinstance(part.get(key), str):
        raise BadRequest(f"{key} must be a string", param=f"{param}.{key}")
    return {"type": "text", "text": part[key]}


def _query(messages: Sequence[Message]) -> Query:
    """The last user message; empty where there is none."""
    last = next((m for m in reversed(messages) if m.get("role") == "user"), {})
    content = last.get("content") or ""
    if isinstance(content, str):
        return Query(content)
    text = "\n".join(part["text"] for part in content if part["type"] == "text")
    return Query(text, tuple(part["image_pil"] for part in content if part["type"] == "image_pil"))
