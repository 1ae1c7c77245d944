"""What a client may ask for in a chat request, and how much of it; an expert's own defaults are not held to it."""

from typing import Any

from molora.config import LimitsConfig
from molora.engine.interface import Body
from molora.errors import BadRequest
from molora.server.shapes import check_shapes

REFUSED = {
    "chat_template": "it is a program, and the server runs only its own",
    "media_io_kwargs": "how media are read is the server's to say",
    "mm_processor_kwargs": "how pictures are processed is the server's to say",
    "priority": "no request goes before the others",
    "prompt_embeds": "a client's tensors are not loaded",
    "vllm_xargs": "it is for the server's own extensions",
}
"""Fields by which a client would reach into the server. The engine refuses those by which nodes hand on work."""
TEMPLATES_OWN = (
    "chat_template",
    "conversation",
    "documents",
    "max_length",
    "messages",
    "padding",
    "return_assistant_tokens_mask",
    "return_dict",
    "return_tensors",
    "self",
    "tokenize",
    "tokenizer",
    "tokenizer_kwargs",
    "tools",
    "truncation",
)
"""What vLLM and transformers give a template themselves, or take beside its variables."""
MAX_VARIABLE = 256
MAX_NAME = 128
TOKENS = ("allowed_token_ids", "logit_bias", "stop_token_ids")


def check_limits(body: Body, limits: LimitsConfig) -> None:
    """Raises BadRequest that names the field; what is no chat request at all is left to the engine to refuse."""
    _check_refused(body)
    _check_session(body.get("session_id"))
    _check_messages(body.get("messages"), limits)
    _check_choices(body.get("n"), limits)
    for name in ("stop", "bad_words"):
        _check_stops(name, body.get(name), limits)
    for name in TOKENS:
        if isinstance(body.get(name), list | dict):
            _check_count("tokens", name, len(body[name]), limits.max_tokens_named)
    check_shapes(body, limits)


def _check_refused(body: Body) -> None:
    for name, reason in REFUSED.items():
        if body.get(name):
            raise BadRequest(f"{name} is not served: {reason}", param=name)
    variables = body.get("chat_template_kwargs")
    for name, value in variables.items() if isinstance(variables, dict) else ():
        if name in TEMPLATES_OWN or isinstance(value, dict | list) or len(str(value)) > MAX_VARIABLE:
            message = "only short strings, numbers and booleans that the model's template asks for are served"
            raise BadRequest(f"chat_template_kwargs: {message}", param=f"chat_template_kwargs.{name}")


def _check_session(given: Any) -> None:
    """vLLM's logs show it."""
    if isinstance(given, str) and (len(given) > MAX_NAME or not given.isprintable()):
        message = f"session_id has at most {MAX_NAME} characters, all of them printable"
        raise BadRequest(message, param="session_id")


def _check_messages(messages: Any, limits: LimitsConfig) -> None:
    if isinstance(messages, list):
        _check_count("messages", "messages", len(messages), limits.max_messages)


def _check_choices(given: Any, limits: LimitsConfig) -> None:
    if given is None:
        return
    if type(given) is not int or given < 1:
        raise BadRequest("n must be a whole number, at least 1", param="n")
    _check_count("choices", "n", given, limits.max_choices)


def _check_stops(name: str, given: Any, limits: LimitsConfig) -> None:
    stops = given if isinstance(given, list) else [given]
    _check_count("strings", name, len(stops), limits.max_stops)
    if any(isinstance(stop, str) and len(stop) > limits.max_stop_length for stop in stops):
        raise BadRequest(f"{name}: a string is longer than {limits.max_stop_length} characters", param=name)


def _check_count(what: str, param: str, num: int, most: int) -> None:
    if num > most:
        raise BadRequest(f"{param}: at most {most} {what} are served", param=param)
