"""What an expert's profile adds to a request: a system prompt, defaults, the schema of its answers."""

from collections.abc import Sequence
from typing import Any

from molora.config import ExpertProfile
from molora.engine.interface import Body, Engine
from molora.errors import BadRequest

FORMATS = ("response_format", "structured_outputs", "tools")
"""Fields by which a client says what an answer looks like."""
NO_DEFAULTS = ("messages", "model", "routing", "stream", "request_id")
SYSTEM = ("system", "developer")


def with_defaults(body: Body, profile: ExpertProfile) -> Body:
    """What the client gave wins; the body itself where there is nothing to add."""
    added: dict[str, Any] = dict(profile.defaults)
    if profile.response_schema is not None and not any(body.get(name) or name in added for name in FORMATS):
        schema = {"name": "answer", "schema": profile.response_schema}
        added["response_format"] = {"type": "json_schema", "json_schema": schema}
    missing = {name: value for name, value in added.items() if body.get(name) is None}
    return body | missing if missing else body


def with_system_prompt(messages: Sequence[Body], profile: ExpertProfile) -> list[Body]:
    """The expert's own, where it has one and the client gave none."""
    if profile.system_prompt is None or any(message.get("role") in SYSTEM for message in messages):
        return list(messages)
    return [{"role": "system", "content": profile.system_prompt}, *messages]


async def check_profile(engine: Engine, profile: ExpertProfile) -> None:
    """Asks the bare backbone as the expert would be asked. Raises BadRequest for what no request could be served
    with."""
    for name in NO_DEFAULTS:
        if name in profile.defaults:
            raise BadRequest(f"defaults: {name} is the client's to give", param=f"defaults.{name}")
    messages = [{"role": "user", "content": "?"}]
    body = with_defaults({"messages": messages}, profile)
    if len(body) == 1:
        return
    try:
        await engine.chat(engine.parse(body | _one_token(body)), messages, {})
    except BadRequest as error:
        raise BadRequest(f"defaults or response_schema: {error.message}", param="defaults") from error


def _one_token(body: Body) -> Body:
    """Where more are asked for; what is no number stays, to be refused."""
    given = {name: body[name] for name in ("max_tokens", "max_completion_tokens") if name in body}
    return {"max_tokens": 1} | {name: 1 for name, value in given.items() if isinstance(value, int) and value > 1}
