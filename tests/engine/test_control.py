"""No text spells the tokens that tell messages and pictures apart; any other text stays."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from molora.engine.control import check_texts, control_tokens
from molora.errors import BadRequest

TEMPLATE = "<|im_start|>{{ role }}\n<|vision_start|><|image_pad|><|vision_end|>{{ text }}<|im_end|>"
WRITTEN = ("<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|image_pad|>", "<|vision_end|>")
WORDS = ("<|box_start|>", "<tool_call>", "<|im_start", "im_start|>", "< |im_end|>")


def token(content: str, special: bool = True) -> Any:
    return SimpleNamespace(content=content, special=special)


TOKENIZER = SimpleNamespace(
    chat_template=TEMPLATE,
    eos_token="<|im_end|>",
    pad_token="<|endoftext|>",
    added_tokens_decoder=dict(enumerate(map(token, (*WRITTEN, "<|endoftext|>", "<|box_start|>"))))
    | {99: token("<tool_call>", special=False)},
)
CONTROL = control_tokens(TOKENIZER)


@pytest.mark.parametrize("spelt", [*WRITTEN, "<|endoftext|>"])
@pytest.mark.parametrize(
    "place",
    [
        lambda text: text,
        lambda text: [{"role": "user", "content": text}],
        lambda text: [{"role": text, "content": "a"}],
        lambda text: [{"role": "user", "content": [{"type": "text", "text": f"a{text}b"}]}],
        lambda text: [{"role": "assistant", "tool_calls": [{"function": {"arguments": text}}]}],
        lambda text: [{"function": {"parameters": {"properties": {text: {}}}}}],
        lambda text: [{"content": [{"text": text[:5]}, {"type": "image_pil"}, {"text": text[5:]}]}],
        lambda text: [{"function": {"arguments": json.dumps({"a": text}).replace("|", "\\u007c")}}],
    ],
    ids=["alone", "content", "role", "part", "tool call", "key", "two parts", "escaped"],
)
def test_a_control_token_is_refused_wherever_it_stands(spelt: str, place: Any) -> None:
    with pytest.raises(BadRequest) as caught:
        check_texts(CONTROL, [None, place(spelt)])
    assert spelt in caught.value.message
    assert caught.value.param == "messages"


@pytest.mark.parametrize("text", WORDS)
def test_any_other_text_stays(text: str) -> None:
    check_texts(CONTROL, [[{"role": "user", "content": text}], {"a": 5, "b": None, "c": object()}, [text]])


def test_the_demo_worlds_tokenizer_has_them() -> None:
    from transformers import AutoTokenizer

    from tests.server.fakes import WEIGHTS

    control = control_tokens(AutoTokenizer.from_pretrained(WEIGHTS / "backbone"))
    for spelt in (*WRITTEN, "<|endoftext|>"):
        assert control.search(spelt)
