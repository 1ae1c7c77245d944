"""vLLM's refusals become the client's 4xx, its failures ours, and no path gets out."""

import re
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock

import pytest

from molora.compat import mend_torch_companions
from molora.errors import BadRequest, MoloraError

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module", autouse=True)
def mended() -> None:
    mend_torch_companions()


NAMELESS_TOOL = {
    "messages": [{"role": "user", "content": "a"}],
    "tools": [{"type": "function"}],
    "tool_choice": {"type": "function", "function": {"name": "look"}},
}


def explain(error: Exception) -> MoloraError:
    from molora.engine import errors

    return errors.explain(error)


def test_an_error_of_vllms_has_a_status() -> None:
    from vllm.exceptions import GenerationError, VLLMNotFoundError, VLLMValidationError
    from vllm.v1.engine.exceptions import EngineDeadError, EngineGenerateError

    assert explain(VLLMValidationError("too long", parameter="max_tokens")).param == "max_tokens"
    assert explain(VLLMValidationError("too long")).status == 400
    assert explain(VLLMNotFoundError("no such model")).status == 404
    assert explain(GenerationError()).status == 500
    assert explain(EngineDeadError()).status == 503
    assert explain(EngineGenerateError()).status == 503


WORDED = [ValueError, NotImplementedError]
RAW = [*WORDED, AttributeError, IndexError, KeyError, OverflowError, RecursionError, TypeError]


@pytest.mark.parametrize("kind", RAW)
async def test_what_fails_over_a_request_alone_is_the_clients_fault(
    kind: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(BadRequest) as caught:
        await render(monkeypatch, AsyncMock(side_effect=kind("no such template")))
    assert caught.value.status == 400
    assert (caught.value.message == "no such template") == (kind in WORDED)


@pytest.mark.parametrize(("length", "refused"), [(8, False), (9, True)])
async def test_a_prompt_too_long_is_the_clients_fault(
    length: int, refused: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    prompt = {"type": "token", "prompt_token_ids": [1] * length}
    with pytest.raises(BadRequest, match="9 tokens") if refused else nullcontext():
        await render(monkeypatch, AsyncMock(return_value=([], [prompt])))


async def render(monkeypatch: pytest.MonkeyPatch, rendering: AsyncMock, **fields: Any) -> None:
    from vllm.entrypoints.openai.chat_completion.serving import OpenAIServingChat

    from molora.engine.chat import parse
    from molora.engine.expert_chat import ExpertChat

    monkeypatch.setattr(OpenAIServingChat, "render_chat_request", rendering)
    chat = ExpertChat.__new__(ExpertChat)
    chat.model_config = SimpleNamespace(max_model_len=8, is_encoder_decoder=False)
    chat.control = re.compile("<end>")
    await chat.render_chat_request(parse({"messages": [{"role": "user", "content": "a"}], **fields}))


@pytest.mark.parametrize(
    "fields",
    [
        {"messages": [{"role": "user", "content": "a<end>b"}]},
        {"tools": [{"type": "function", "function": {"name": "look", "description": "<end>"}}]},
        {"documents": [{"title": "a", "text": "<end>"}]},
        {"chat_template_kwargs": {"style": "<end>"}},
    ],
)
async def test_a_control_token_is_refused_before_the_prompt_is_made(
    fields: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    rendering = AsyncMock()
    with pytest.raises(BadRequest, match="<end>"):
        await render(monkeypatch, rendering, **fields)
    rendering.assert_not_awaited()


@pytest.mark.parametrize("kind", RAW)
async def test_what_fails_in_the_engines_hands_is_not(kind: type[Exception]) -> None:
    from molora.engine.chat import answer, parse

    chat: Any = SimpleNamespace(create_chat_completion=AsyncMock(side_effect=kind("a bug")))
    request = parse({"messages": [{"role": "user", "content": "a"}]})
    with pytest.raises(kind):  # the application answers 500 to whatever is no MoloraError
        await answer(chat, request, [], {})


@pytest.mark.parametrize("kind", RAW)
def test_nor_is_it_in_a_stream(kind: type[Exception]) -> None:
    from vllm.exceptions import VLLMValidationError

    from molora.engine.expert_chat import ExpertChat

    chat = ExpertChat.__new__(ExpertChat)
    for failure, status in ((kind("a bug"), 500), ("a bug", 500), (VLLMValidationError("long"), 400)):
        with pytest.raises(MoloraError) as caught:
            chat.create_streaming_error_response(failure)
        assert caught.value.status == status
        assert "bug" not in caught.value.message


def test_what_is_told_beside_a_message_is_not_told_in_it() -> None:
    from vllm.exceptions import VLLMValidationError

    shown = explain(VLLMValidationError("too long", parameter="input_tokens", value=[1] * 1000))
    assert (shown.message, shown.param) == ("too long", "messages")


@pytest.mark.parametrize(
    "text", ["cannot read /work/models/a/config.json", "no file in '/data/x/'", "see (/srv/a.b/c-d)", "/a/b failed"]
)
def test_paths_do_not_get_out(text: str) -> None:
    from molora.engine.errors import explain_unreadable

    message = explain_unreadable(ValueError(text)).message
    assert "<path>" in message
    assert "/" not in message


@pytest.mark.parametrize("text", ["use and/or", "image/png is served", "a / b", "see https://docs.vllm.ai/en/latest"])
def test_what_is_no_path_stays(text: str) -> None:
    from molora.engine.errors import explain_response

    assert explain_response({"message": text, "code": 400}).message == text


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "messages"),
        ({"messages": "hello"}, "messages"),
        ({"messages": [{"role": "user", "content": "a"}], "n": "many"}, "n"),
        ({"messages": [{"role": "user", "content": "a"}], "stop": 5}, "stop"),
        ({"messages": [{"role": "user", "content": "a"}], "echo": True}, "echo"),
        ({"messages": [{"role": "user", "content": "a"}], "truncate_prompt_tokens": 0}, "truncate_prompt_tokens"),
        ({"messages": [{"role": "user", "content": "a"}], "top_logprobs": 2}, "top_logprobs"),
        ({"messages": [{"role": "user", "content": "a"}], "structured_outputs": 5}, None),
        ({"messages": [{"role": "assistant", "tool_calls": 5}]}, None),
        ({"messages": [{"role": "assistant", "tool_calls": [5]}]}, "messages"),
        ({"messages": None}, None),
        (NAMELESS_TOOL, None),
    ],
)
def test_a_body_that_is_no_chat_request_is_refused(body: dict[str, Any], param: str | None) -> None:
    from molora.engine.chat import parse

    with pytest.raises(BadRequest) as caught:
        parse(body)
    assert caught.value.param == param
