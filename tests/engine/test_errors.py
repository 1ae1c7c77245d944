"""vLLM's refusals become the client's 4xx, its failures ours, and no path gets out."""

from typing import Any

import pytest

from molora.compat import mend_torch_companions
from molora.errors import BadRequest, MoloraError

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module", autouse=True)
def mended() -> None:
    mend_torch_companions()


def explain(error: BaseException) -> MoloraError:
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


@pytest.mark.parametrize("kind", [ValueError, TypeError, OverflowError, NotImplementedError])
def test_pythons_own_refusals_are_the_clients_fault(kind: type[Exception]) -> None:
    error = explain(kind("n must be at least 1"))
    assert (error.status, error.message) == (400, "n must be at least 1")


@pytest.mark.parametrize(
    "text", ["cannot read /work/models/a/config.json", "no file in '/data/x/'", "see (/srv/a.b/c-d)", "/a/b failed"]
)
def test_paths_do_not_get_out(text: str) -> None:
    message = explain(ValueError(text)).message
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
    ],
)
def test_a_body_that_is_no_chat_request_is_refused(body: dict[str, Any], param: str) -> None:
    from molora.engine.chat import parse

    with pytest.raises(BadRequest) as caught:
        parse(body)
    assert caught.value.param == param
