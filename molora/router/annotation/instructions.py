"""What an annotator is told of the experts, and what its answer says. Pure."""

import json
import re
from collections.abc import Collection, Mapping
from typing import Any

INSTRUCTIONS = """\
You sort questions about pictures by what it takes to answer them. Each question belongs to one expert:

{experts}

Go by what the question asks the eye to do, not by the things it names. Do not answer the question itself. \
Answer with JSON alone, such as {{"expert": "{example}"}}."""
FENCE = re.compile(r"^```(?:json)?|```$")


def make_instructions(experts: Mapping[str, str]) -> str:
    """The system prompt, of names and descriptions."""
    listed = "\n".join(f"- {name}: {' '.join(description.split())}" for name, description in experts.items())
    return INSTRUCTIONS.format(experts=listed, example=next(iter(experts)))


def make_response_format(experts: Collection[str]) -> dict[str, Any]:
    """Of a chat request: leaves the server nothing to say but one of the names."""
    schema = {
        "type": "object",
        "properties": {"expert": {"type": "string", "enum": list(experts)}},
        "required": ["expert"],
        "additionalProperties": False,
    }
    return {"type": "json_schema", "json_schema": {"name": "label", "strict": True, "schema": schema}}


def read_answer(answer: str, experts: Collection[str]) -> str | None:
    """The expert an answer names as it was told to, or by the bare name; None for any other: nothing is guessed."""
    stripped = FENCE.sub("", answer.strip()).strip()
    try:
        said = json.loads(stripped)
    except ValueError:
        said = {"expert": stripped.rstrip(".")}
    named = said.get("expert") if isinstance(said, dict) else said
    names = {name.casefold(): name for name in experts}
    return names.get(named.strip().casefold()) if isinstance(named, str) else None
