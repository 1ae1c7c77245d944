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
UNCLASSED = (ValueError, TypeError, OverflowError, NotImplementedError)
"""What vLLM still raises where it refuses; the client's fault only while nothing but its request is at work."""

_PATH = re.compile(r"(?<![\w:/.])(?:/[\w.\-]+){2,}/?")


def explain_invalid(error: ValidationError) -> BadRequest:
    """The first field at fault of a body that is no chat request."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    field = str(first["loc"][0]) if first["loc"] else ""  # what follows are names of vLLM's types
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
    return explain_response(create_error_response(str(error)).model_dump()["error"])


def explain_response(error: dict[str, Any]) -> MoloraError:
    """For the `error` object that vLLM answers with. What it does not implement is the client's to change."""
    status = int(error.get("code") or 500)
    message = without_paths(str(error.get("message")))
    if status < 500 or status == 501:
        return BadRequest(message, param=error.get("param"), status=400 if status == 501 else status)
    if status == 503:
        return Unavailable(message)
    return MoloraError("the engine failed to answer")


def without_paths(message: str) -> str:
    return _PATH.sub("<path>", message)
