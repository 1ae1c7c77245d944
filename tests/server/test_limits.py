"""What a chat request may not ask for; at each limit it is served, one more is refused."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from molora.config import LimitsConfig
from molora.errors import BadRequest
from molora.server.limits import REFUSED, check_limits
from tests.pictures import ask

LIMITS = LimitsConfig(
    max_messages=3,
    max_choices=4,
    max_stops=2,
    max_stop_length=5,
    max_schema_kib=1,
    max_schema_depth=8,
    max_regex_length=10,
)


def schema(value: Any) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "a", "schema": value}}


def nested(num: int) -> Any:
    value: Any = {}
    for _ in range(num - 1):
        value = {"items": value}
    return value


def properties(regex: str) -> Any:
    return {"properties": {"a": {"type": "string", "pattern": regex}}}


GROWING: dict[str, tuple[int, Callable[[int], dict[str, Any]]]] = {
    "messages": (3, lambda num: {"messages": [{"role": "user", "content": "a"}] * num}),
    "n": (4, lambda num: {"n": num}),
    "stop": (2, lambda num: {"stop": ["a"] * num}),
    "stop length": (5, lambda num: {"stop": "a" * num}),
    "stop lengths": (5, lambda num: {"stop": ["a", "a" * num]}),
    "bad_words": (2, lambda num: {"bad_words": ["a"] * num}),
    "bad_words length": (5, lambda num: {"bad_words": ["a" * num]}),
    "response_format depth": (8, lambda num: {"response_format": schema(nested(num - 2))}),
    "structured_outputs depth": (8, lambda num: {"structured_outputs": {"json": nested(num - 1)}}),
    "structured_outputs depth in a string": (
        8,
        lambda num: {"structured_outputs": {"json": json.dumps(nested(num - 1))}},
    ),
    "structured_outputs structural_tag": (
        8,
        lambda num: {"structured_outputs": {"structural_tag": json.dumps(nested(num - 1))}},
    ),
    "tools depth": (8, lambda num: {"tools": [{"function": {"parameters": nested(num - 3)}}]}),
    "response_format size": (1024 - 78, lambda num: {"response_format": schema({"const": "a" * num})}),
    "structured_outputs grammar size": (1024 - 15, lambda num: {"structured_outputs": {"grammar": "a" * num}}),
    "structured_outputs choice size": (1024 - 16, lambda num: {"structured_outputs": {"choice": ["a" * num]}}),
    "structured_outputs regex": (10, lambda num: {"structured_outputs": {"regex": "a" * num}}),
    "structured_outputs whitespace": (10, lambda num: {"structured_outputs": {"whitespace_pattern": "a" * num}}),
    "structured_outputs pattern in a string": (
        10,
        lambda num: {"structured_outputs": {"json": json.dumps(properties("a" * num))}},
    ),
    "response_format pattern": (10, lambda num: {"response_format": schema(properties("a" * num))}),
    "tools pattern": (10, lambda num: {"tools": [{"parameters": {"patternProperties": {"a" * num: {}}}}]}),
}


@pytest.mark.parametrize("name", GROWING)
def test_one_more_than_the_limit_is_refused(name: str) -> None:
    limit, make = GROWING[name]
    check_limits(make(limit), LIMITS)
    with pytest.raises(BadRequest) as caught:
        check_limits(make(limit + 1), LIMITS)
    assert caught.value.param == name.partition(" ")[0]


@pytest.mark.parametrize("field", REFUSED)
def test_what_reaches_into_the_server_is_refused(field: str) -> None:
    check_limits({field: None}, LIMITS)
    check_limits({field: 0}, LIMITS)
    with pytest.raises(BadRequest, match=f"{field} is not served: ") as caught:
        check_limits({field: {"a": 1}}, LIMITS)
    assert caught.value.param == field


def test_a_template_may_be_told_what_it_asks_for() -> None:
    check_limits({"chat_template_kwargs": {"enable_thinking": False, "style": "short", "budget": 5}}, LIMITS)


@pytest.mark.parametrize(
    "variables",
    [
        {"chat_template": "{{ 1 }}"},
        {"padding": "max_length", "max_length": 10**9},
        {"tools": [{"a": 1}]},
        {"style": "a" * 257},
        {"a": {}},
    ],
)
def test_a_template_is_told_nothing_else(variables: Any) -> None:
    with pytest.raises(BadRequest) as caught:
        check_limits({"chat_template_kwargs": variables}, LIMITS)
    assert (caught.value.param or "").startswith("chat_template_kwargs.")


@pytest.mark.parametrize("given", ["5", 5.0, True, [1]])
def test_n_is_a_whole_number(given: Any) -> None:
    with pytest.raises(BadRequest):
        check_limits({"n": given}, LIMITS)


@pytest.mark.parametrize("text", ["{", "[" * 100_000])
def test_json_within_a_string_must_be_json(text: str) -> None:
    with pytest.raises(BadRequest):
        check_limits({"structured_outputs": {"json": text}}, LIMITS)


@pytest.mark.parametrize("odd", [5, "a", [5], {"a": 5}, [[]], True, None])
def test_what_is_no_request_is_left_to_the_engine(odd: Any) -> None:
    fields = ("messages", "stop", "bad_words", "response_format", "structured_outputs", "tools")
    check_limits(dict.fromkeys(fields, odd) | {"chat_template_kwargs": None}, LIMITS)


def test_the_defaults_serve_what_is_usual() -> None:
    tools = [{"type": "function", "function": {"name": "look", "parameters": nested(10)}}] * 20
    check_limits({"messages": ask("data:") * 8, "n": 8, "stop": ["\n"] * 4, "tools": tools}, LimitsConfig())
