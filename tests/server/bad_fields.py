"""Fields of a chat request that cannot be served: each with the `param` that the refusal names."""

from typing import Any

from tests.server.rows import Row, chat

NAN, INFINITY = float("nan"), float("inf")
MUCH = 10**30
TOOL = {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}
NAMED = {"type": "function", "function": {"name": "look"}}

FIELDS: list[tuple[dict[str, Any], str | None]] = [
    ({"model": ...}, "model"),
    ({"model": None}, "model"),
    ({"model": ["base"]}, "model"),
    ({"routing": 5}, "routing"),
    ({"routing": {"a": 1}}, "routing.a"),
    ({"routing": {"deny": ["spatial", "quantity", "physical", "social"]}}, "routing.deny"),
    ({"routing": {"allow": ["nobody"]}}, "routing.allow"),
    ({"routing": {"gates": {"nobody": 1}}}, "routing.gates"),
    ({"routing": {"gates": {"spatial": "nan"}}}, "routing.gates.spatial"),
    ({"routing": {"gates": {"spatial": 1e308, "social": 1e308}}}, "routing.gates"),
    ({"routing": {"temperature": 0}}, "routing.temperature"),
    ({"routing": {"mode": "sequential"}}, "routing.mode"),
    ({"n": 10**9}, "n"),
    ({"n": 0}, "n"),
    ({"n": -1}, "n"),
    ({"n": "2"}, "n"),
    ({"n": True}, "n"),
    ({"temperature": NAN}, None),
    ({"temperature": INFINITY}, None),
    ({"temperature": -1}, "temperature"),
    ({"temperature": "hot"}, "temperature"),
    ({"temperature": 1e300}, "temperature"),
    ({"top_p": 5}, "top_p"),
    ({"top_k": -5}, None),
    ({"presence_penalty": 99}, None),
    ({"repetition_penalty": 0}, None),
    ({"logit_bias": {"1": NAN}}, None),
    ({"logit_bias": {"99999999": 1}}, "logit_bias"),
    ({"logit_bias": {"a": 1}}, "logit_bias"),
    ({"logit_bias": {f"{'0' * i}1": 1 for i in range(2000)}}, "logit_bias"),
    ({"max_tokens": 1_000_000}, "max_tokens"),
    ({"max_tokens": 0}, "max_tokens"),
    ({"max_tokens": -1}, "max_tokens"),
    ({"max_completion_tokens": 10**9}, "max_completion_tokens"),
    ({"min_tokens": 5}, None),
    ({"seed": 2**63}, None),
    ({"seed": -MUCH}, None),
    ({"seed": "a"}, "seed"),
    ({"stop": 5}, "stop"),
    ({"stop": ""}, None),
    ({"stop": ["a"] * 17}, "stop"),
    ({"stop": "a" * 257}, "stop"),
    ({"stop_token_ids": [10**9]}, "stop_token_ids"),
    ({"stop_token_ids": [1] * 100_000}, "stop_token_ids"),
    ({"bad_words": ["a"] * 17}, "bad_words"),
    ({"bad_words": [""]}, None),
    ({"allowed_token_ids": []}, "allowed_token_ids"),
    ({"allowed_token_ids": [768]}, "allowed_token_ids"),
    ({"allowed_token_ids": [-1]}, "allowed_token_ids"),
    ({"logprobs": 5}, "logprobs"),
    ({"top_logprobs": 5}, "top_logprobs"),
    ({"logprobs": True, "top_logprobs": 10**9}, "logprobs"),
    ({"logprobs": True, "top_logprobs": -1}, "logprobs"),
    ({"logprobs": True, "logprob_token_ids": [10**9]}, "logprob_token_ids"),
    ({"prompt_logprobs": -1}, "prompt_logprobs"),
    ({"stream": "a"}, "stream"),
    ({"stream_interval": MUCH}, None),
    ({"repetition_detection": {"max_pattern_size": MUCH, "min_count": 2}}, None),
    ({"priority": -5}, "priority"),
    ({"request_id": "a" * 10**6}, "request_id"),
    ({"request_id": "a\nINFO:     forged"}, "request_id"),
    ({"session_id": "a" * 10**6}, "session_id"),
    ({"cache_salt": "a" * 10**6}, "cache_salt"),
    ({"cache_salt": "../a"}, "cache_salt"),
    ({"documents": [5]}, "documents"),
    ({"chat_template": "{% for i in range(10**9) %}{% endfor %}"}, "chat_template"),
    ({"chat_template_kwargs": {"chat_template": "{{ 1 }}"}}, "chat_template_kwargs.chat_template"),
    ({"chat_template_kwargs": {"messages": 1}}, "chat_template_kwargs.messages"),
    ({"chat_template_kwargs": {"self": 1}}, "chat_template_kwargs.self"),
    ({"mm_processor_kwargs": {"max_pixels": 10**9}}, "mm_processor_kwargs"),
    ({"media_io_kwargs": {"image": {"a": 1}}}, "media_io_kwargs"),
    ({"prompt_embeds": "AAAA"}, "prompt_embeds"),
    ({"vllm_xargs": {"a": 1}}, "vllm_xargs"),
    ({"kv_transfer_params": {"do_remote_prefill": True}}, "kv_transfer_params"),
    ({"truncate_prompt_tokens": 0}, "truncate_prompt_tokens"),
    ({"echo": True}, "echo"),
    ({"add_generation_prompt": True, "continue_final_message": True}, None),
    ({"thinking_token_budget": -5}, "thinking_token_budget"),
    ({"use_beam_search": True, "n": 16}, "logprobs"),
    ({"tools": []}, "tools"),
    ({"tools": 5}, "tools"),
    ({"tools": [{"type": "function"}]}, "tools"),
    ({"tools": [TOOL] * 2000}, "tools"),
    ({"tools": [TOOL], "tool_choice": "nobody"}, "tool_choice"),
    ({"tools": [TOOL], "tool_choice": {"type": "function"}}, "tool_choice.function"),
    ({"tools": [{"type": "function"}], "tool_choice": NAMED}, None),
    ({"tools": [{"type": "function", "function": {}}], "tool_choice": NAMED}, None),
    ({"tool_choice": "auto"}, "tool_choice"),
]


def named(fields: dict[str, Any]) -> str:
    shown = ", ".join(f"{name}={value!r}" for name, value in fields.items())
    return shown.replace("\n", " ")[:60]


FIELD_ROWS = {named(fields): Row(chat(**fields), param) for fields, param in FIELDS} | {
    "an unknown model": Row(chat(model="nobody"), "model", status=404, type="not_found_error"),
    "a model by its path": Row(chat(model="../../etc/passwd"), "model", status=404, type="not_found_error"),
    "a model of 100,000 letters": Row(chat(model="a" * 100_000), "model", status=404, type="not_found_error"),
    "stream_options without a stream": Row(chat(stream_options={"include_usage": True}), "stream_options"),
}
