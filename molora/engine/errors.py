"""vLLM's refusals and failures as Molora's errors, in words that are safe for a client."""

import re
from typing import Any

from pydantic import ValidationError
from vllm.entrypoints.serve import create_error_response
from vllm.exceptions import VLLMError
from vllm.v1.engine.exceptions import EngineDeadError, EngineGenerateError

from molora.errors import BadRequest, MoloraError, Unavailable

DEAD = "the engine cannot answer now"
FAILURES = (EngineDeadError, EngineGenerateError)
WORDED = (ValueError, NotImplementedError)
UNCLASSED = (*WORDED, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError)
"""What is still raised where a request is refused; the client's fault only while nothing but its request is at work.
The worded ones say what is wrong with it, the others what Python could not do."""
PARAMS = {"image": "messages", "input_text": "messages", "input_tokens": "messages"}
"""What vLLM calls a fault's place, and where it is in a request."""

_PATH = re.compile(r"(?<![\w:/.])(?:/[\w.\-]+){2,}/?")
_REPEATED = re.compile(r" \(parameter=.*\)$", re.DOTALL)
"""At the end of a message: the place, which is told beside it, and what was sent."""


def explain_invalid(error: ValidationError) -> BadRequest:
    """The first field at fault of a body that is no chat request."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = first["loc"][0] if first["loc"] else ""  # what follows are names of vLLM's types
    field = place if isinstance(place, str) else "messages"  # a number is within what is read late: tool_calls
    message = first["msg"].removeprefix("Value error, ")
    return BadRequest(f"{field}: {message}" if field else message, param=field or None)


def explain(error: VLLMError) -> MoloraError:
    """vLLM's own errors tell whose fault they are."""
    if isinstance(error, FAILURES):
        return Unavailable(DEAD)
    return explain_response(create_error_response(error).model_dump()["error"])


def explain_unreadable(error: Exception) -> MoloraError:
    """For an exception among UNCLASSED, raised while vLLM reads a request or makes it a prompt."""
    if str(error).startswith("Failed to apply") and error.__cause__ is not None:
        return BadRequest(f"a picture cannot be processed: {error.__cause__}", param="messages")
    if not isinstance(error, WORDED):
        return BadRequest("the request is no chat request that can be read")
    return explain_response(create_error_response(str(error)).model_dump()["error"])


def explain_response(error: dict[str, Any]) -> MoloraError:
    """For the `error` object that vLLM answers with. What it does not implement is the client's to change."""
    status = int(error.get("code") or 500)
    message = without_paths(_REPEATED.sub("", str(error.get("message"))))
    if status < 500 or status == 501:
        param = PARAMS.get(str(error.get("param")), error.get("param"))
        return BadRequest(message, param=param, status=400 if status == 501 else status)
    if status == 503:
        return Unavailable(message)
    return MoloraError("the engine failed to answer")


def without_paths(message: str) -> str:
    return _PATH.sub("<path>", message)
