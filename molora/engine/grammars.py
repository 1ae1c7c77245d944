"""vLLM's structured outputs by llguidance, within limits: the time of a step under any shape is bounded.

xgrammar, which vLLM would take otherwise, takes seconds for a step under a short regex, and the engine waits.
"""

from copy import copy
from typing import Any

import llguidance
from vllm.config import StructuredOutputsConfig
from vllm.sampling_params import StructuredOutputsParams
from vllm.v1.structured_output.backend_guidance import GuidanceBackend, GuidanceGrammar, serialize_guidance_grammar
from vllm.v1.structured_output.backend_types import StructuredOutputGrammar, StructuredOutputOptions
from vllm.v1.structured_output.request import get_structured_output_key

from molora.engine.trial import LIMITS, Trial


class BoundedBackend(GuidanceBackend):
    """Of the engine's process."""

    def compile_grammar(
        self, request_type: StructuredOutputOptions, grammar_spec: str, stop_token_ids: set[int] | None = None
    ) -> StructuredOutputGrammar:
        del stop_token_ids
        options = (self.disable_any_whitespace, self.disable_additional_properties)
        grammar = serialize_guidance_grammar(request_type, grammar_spec, *options)
        matcher = llguidance.LLMatcher(
            self.ll_tokenizer, grammar, log_level=0, limits=llguidance.LLParserLimits(**LIMITS)
        )
        return GuidanceGrammar(ll_matcher=matcher, ll_tokenizer=self.ll_tokenizer, vocab_size=self.vocab_size)


def as_grammar(shape: StructuredOutputsParams, config: StructuredOutputsConfig) -> str:
    """As the backend reads it. Raises ValueError, KeyError or TypeError for what is none."""
    options = (config.disable_any_whitespace, config.disable_additional_properties)
    grammar: str = serialize_guidance_grammar(*get_structured_output_key(shape), *options)
    return grammar


def make_trial(tokenizer: Any) -> Trial:
    """Of a fast tokenizer, written down as llguidance writes it."""
    plain = copy(tokenizer.backend_tokenizer)
    plain.no_padding()
    plain.no_truncation()
    return Trial(plain.to_str(), tokenizer.eos_token_id)
