"""What an answer may be asked to look like: at each limit it is served, one more is refused; it has one shape."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from molora.config import LimitsConfig
from molora.errors import BadRequest
from molora.server.limits import check_limits

LIMITS = LimitsConfig(max_schema_kib=1, max_schema_depth=8, max_regex_length=10)


def schema(value: Any) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "a", "schema": value}}


def nested(num: int) -> Any:
    value: Any = {}
    for _ in range(num - 1):
        value = {"items": value}
    return value


def properties(regex: str) -> Any:
    return {"properties": {"a": {"type": "string", "pattern": regex}}}


def outputs(**given: Any) -> dict[str, Any]:
    return {"structured_outputs": given}


GROWING: dict[str, tuple[int, Callable[[int], dict[str, Any]]]] = {
    "response_format depth": (8, lambda num: {"response_format": schema(nested(num - 2))}),
    "structured_outputs depth": (8, lambda num: outputs(json=nested(num - 1))),
    "structured_outputs depth in a string": (8, lambda num: outputs(json=json.dumps(nested(num - 1)))),
    "tools depth": (8, lambda num: {"tools": [{"function": {"parameters": nested(num - 3)}}]}),
    "response_format size": (1024 - 78, lambda num: {"response_format": schema({"const": "a" * num})}),
    "structured_outputs choice size": (1024 - 16, lambda num: outputs(choice=["a" * num])),
    "structured_outputs regex": (10, lambda num: outputs(regex="a" * num)),
    "structured_outputs whitespace": (10, lambda num: outputs(json={}, whitespace_pattern="a" * num)),
    "structured_outputs pattern in a string": (10, lambda num: outputs(json=json.dumps(properties("a" * num)))),
    "response_format pattern": (10, lambda num: {"response_format": schema(properties("a" * num))}),
    "tools pattern": (10, lambda num: {"tools": [{"parameters": {"patternProperties": {"a" * num: {}}}}]}),
}


def refusal(body: dict[str, Any]) -> BadRequest:
    with pytest.raises(BadRequest) as caught:
        check_limits(body, LIMITS)
    return caught.value


@pytest.mark.parametrize("name", GROWING)
def test_one_more_than_the_limit_is_refused(name: str) -> None:
    limit, make = GROWING[name]
    check_limits(make(limit), LIMITS)
    assert refusal(make(limit + 1)).param == name.partition(" ")[0]


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000])
def test_json_within_a_string_must_be_json(text: str) -> None:
    assert refusal(outputs(json=text)).param == "structured_outputs"


@pytest.mark.parametrize("kind", ["grammar", "structural_tag"])
def test_free_grammars_are_not_served(kind: str) -> None:
    assert "not served" in refusal(outputs(**{kind: "{}"})).message
    assert "not served" in refusal({"response_format": {"type": kind}}).message


def test_a_schema_does_not_set_up_its_reader() -> None:
    for body in (outputs(json={"x-guidance": {}}), {"response_format": schema({"items": {"x-guidance": {}}})}):
        assert "x-guidance" in refusal(body).message


@pytest.mark.parametrize(
    "body",
    [
        outputs(),
        outputs(disable_any_whitespace=True),
        outputs(regex="a", choice=["a"]),
        outputs(regex="a", json={}),
        outputs(regex="a") | {"response_format": {"type": "json_object"}},
        outputs(json={}) | {"response_format": schema({})},
    ],
)
def test_an_answer_has_one_shape(body: dict[str, Any]) -> None:
    assert refusal(body).param == "structured_outputs"


@pytest.mark.parametrize("given", [{}, {"name": "a"}, {"schema": None}, {"schema": []}])
def test_a_format_by_schema_has_one(given: dict[str, Any]) -> None:
    assert refusal({"response_format": {"type": "json_schema", "json_schema": given}}).param == "response_format"


@pytest.mark.parametrize(
    "body",
    [
        {"response_format": {"type": "text"}} | outputs(regex="a"),
        {"response_format": {"type": "json_object"}},
        {"response_format": schema({})},
        outputs(regex=""),
        outputs(json_object=True),
    ],
)
def test_one_shape_or_none_is_served(body: dict[str, Any]) -> None:
    check_limits(body, LIMITS)
