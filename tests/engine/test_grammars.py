"""vLLM's llguidance backend within limits: what is asked for comes out, and no step takes long."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from molora.compat import mend_torch_companions
from tests.engine.test_trial import HONEST
from tests.server.fakes import WEIGHTS

pytestmark = pytest.mark.engine

SERVED = {name: shape for name, shape in HONEST.items() if name not in ("broken", "unknown type")}


@pytest.fixture(scope="module")
def backend() -> Any:
    mend_torch_companions()
    from transformers import AutoTokenizer
    from vllm.config import StructuredOutputsConfig

    from molora.engine.grammars import BoundedBackend

    outputs = StructuredOutputsConfig(backend="guidance", disable_additional_properties=True)
    tokenizer = AutoTokenizer.from_pretrained(WEIGHTS / "backbone")
    config: Any = SimpleNamespace(structured_outputs_config=outputs)
    return BoundedBackend(config, tokenizer=tokenizer, vocab_size=len(tokenizer))


def compiled(backend: Any, shape: dict[str, Any]) -> Any:
    from vllm.sampling_params import StructuredOutputsParams
    from vllm.v1.structured_output.request import get_structured_output_key

    return backend.compile_grammar(*get_structured_output_key(StructuredOutputsParams(**shape)))


def takes(backend: Any, shape: dict[str, Any], text: str) -> bool:
    grammar = compiled(backend, shape)
    tokens = backend.tokenizer.encode(text)
    return bool(grammar.accept_tokens("a", tokens) and grammar.ll_matcher.is_accepting())


@pytest.mark.parametrize("name", SERVED)
def test_an_honest_shape_is_served(backend: Any, name: str) -> None:
    grammar = compiled(backend, SERVED[name])
    mask = backend.allocate_token_bitmask(1)
    grammar.fill_bitmask(mask, 0)
    assert not grammar.ll_matcher.get_error()
    assert mask.any()


@pytest.mark.parametrize(("text", "fits"), [("left", True), ("lef", False), ("leftright", False)])
def test_a_choice_is_kept(backend: Any, text: str, fits: bool) -> None:
    assert takes(backend, {"choice": ["left", "right"]}, text) == fits


@pytest.mark.parametrize(
    ("value", "fits"), [({"kind": "cat", "lives": 9}, True), ({"kind": "dog"}, True), ({"kind": "cow"}, False)]
)
def test_alternatives_told_apart_by_a_constant_are_kept(backend: Any, value: Any, fits: bool) -> None:
    assert takes(backend, SERVED["union"], json.dumps(value)) == fits


def test_an_object_has_the_properties_that_its_schema_names(backend: Any) -> None:
    shape = {"json": {"type": "object", "properties": {"a": {"type": "integer"}}}}
    assert takes(backend, shape, '{"a": 1}')
    assert not takes(backend, shape, '{"b": 1}')


def test_a_step_that_would_take_long_is_not_taken(backend: Any) -> None:
    """The answer ends there."""
    grammar = compiled(backend, {"regex": "a{2000000000}"})
    grammar.fill_bitmask(backend.allocate_token_bitmask(1), 0)
    grammar.accept_tokens("a", backend.tokenizer.encode("a"))
    assert grammar.ll_matcher.is_error()


def test_the_engine_makes_it_by_the_name_that_is_replaced() -> None:
    from vllm.v1.structured_output import StructuredOutputManager

    assert "GuidanceBackend" in StructuredOutputManager.grammar_init.__code__.co_names
