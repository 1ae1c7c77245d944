"""Shapes of answers that are none, and such as would keep the engine or the event loop for longer than a second."""

import json
from typing import Any

from tests.server.rows import Row, chat


def nested(num: int) -> dict[str, Any]:
    value: dict[str, Any] = {"type": "string"}
    for _ in range(num):
        value = {"type": "array", "items": value}
    return value


def branching(num: int) -> dict[str, Any]:
    """2^num properties that are no properties themselves."""
    value: dict[str, Any] = {"type": "string"}
    for _ in range(num):
        value = {"type": "object", "properties": {"a": value, "b": value}}
    return value


def as_format(schema: Any) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "a", "schema": schema}}


def all_of(name: str, *values: int) -> dict[str, Any]:
    return {"allOf": [{"type": "integer", name: value} for value in values]}


REGEXES = {
    "broken": "(",
    "too long": "a" * 2049,
    "NUL": "a\0",
    "looking ahead": "(?=a)b",
    "a reference back": r"(a)\1",
    "1000 parentheses": "(" * 1000 + "a" + ")" * 1000,
    "nested counts": "(((a{1,30}){1,30}){1,30}){1,30}",
    "counts of counts": "((a{1000}){1000}){1000}",
    "dots": "(.{0,50}){0,50}",
    "a long count": "a{2000000000}",
    "optional": "(a?){1000}a{1000}",
}
SCHEMAS: dict[str, Any] = {
    "no type": {"type": "nothing"},
    "itself": {"$ref": "#"},
    "a circle": {"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"},
    "nowhere": {"$ref": "#/$defs/nowhere"},
    "elsewhere": {"$ref": "http://pictures.example.org/a.json"},
    "too deep": nested(40),
    "too large": {"enum": [f"value {i}" for i in range(10_000)]},
    "2^14 properties": branching(14),
    "2000 properties": {"type": "object", "properties": {f"p{i}": {} for i in range(2000)}},
    "a billion items": {"type": "array", "minItems": 10**9, "uniqueItems": True},
    "up to a million items": {"type": "array", "maxItems": 10**6, "uniqueItems": True},
    "a multiple": {"type": "integer", "multipleOf": 1_000_003},
    "multiples": all_of("multipleOf", 9973, 9967, 9949, 9941),
    "a number too long": {"type": "integer", "maximum": 10**300},
    "regex": {"type": "string", "pattern": "^(.{0,50}){0,50}$"},
    "broken regex": {"type": "string", "pattern": "("},
    "products": {"allOf": [{"anyOf": [{"properties": {f"p{i}{j}": {}}} for j in range(6)]} for i in range(10)]},
    "its reader set up": {"x-guidance": {"whitespace_pattern": ".*"}},
}
OTHERS: dict[str, dict[str, Any]] = {
    "outputs a number": {"structured_outputs": 5},
    "outputs empty": {"structured_outputs": {}},
    "outputs of two kinds": {"structured_outputs": {"regex": "a", "choice": ["a"]}},
    "outputs and a format": {"structured_outputs": {"regex": "a"}, "response_format": {"type": "json_object"}},
    "a choice of nothing": {"structured_outputs": {"choice": []}},
    "a choice of numbers": {"structured_outputs": {"choice": [5]}},
    "JSON that is none": {"structured_outputs": {"json": "{"}},
    "no object": {"structured_outputs": {"json_object": False}},
    "a grammar": {"structured_outputs": {"grammar": 'root ::= root root | "a" | ""'}},
    "a tag": {"structured_outputs": {"structural_tag": json.dumps({"format": {"type": "grammar", "grammar": "a"}})}},
    "a format of tags": {"response_format": {"type": "structural_tag", "format": {"type": "any_text"}}},
    "a format of no kind": {"response_format": {"type": "a"}},
    "a format without a schema": {"response_format": {"type": "json_schema", "json_schema": {"name": "a"}}},
}

SHAPES = (
    {f"regex: {name}": Row(chat(structured_outputs={"regex": regex})) for name, regex in REGEXES.items()}
    | {f"schema: {name}": Row(chat(response_format=as_format(schema))) for name, schema in SCHEMAS.items()}
    | {name: Row(chat(**fields)) for name, fields in OTHERS.items()}
)
