"""A body is read no further than its limits."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from molora.config import LimitsConfig
from molora.errors import BadRequest
from molora.server.app import create_app
from molora.server.body import MAX_DEPTH, MAX_INTEGER, MAX_VALUES, depth, parse_json
from tests.server.fakes import FakeEngine, FakeRouter, calling, make_config

PATHS = ("/v1/chat/completions", "/v1/route")
JSON = {"content-type": "application/json"}


@pytest.fixture
def small(engine: FakeEngine, router: FakeRouter) -> FastAPI:
    return create_app(make_config(limits=LimitsConfig(max_body_mib=1)), engine, router)


def check_unread(response: httpx.Response, status: int) -> None:
    assert response.status_code == status
    assert response.json()["error"]["type"] == "invalid_request_error"
    assert response.headers["connection"] == "close"


@pytest.mark.parametrize("path", PATHS)
async def test_too_large_a_body_is_refused_before_it_is_read(small: FastAPI, path: str) -> None:
    async with calling(small) as http:
        check_unread(await http.post(path, headers=JSON | {"content-length": str(2**20 + 1)}, content=b"{}"), 413)
        body = json.dumps({"model": "auto", "messages": []})
        full = body + " " * (2**20 - len(body))
        assert (await http.post(path, headers=JSON, content=full)).status_code == 400


@pytest.mark.parametrize("path", PATHS)
async def test_a_body_of_unknown_length_is_counted(small: FastAPI, path: str) -> None:
    taken = 0

    async def endless() -> Any:
        nonlocal taken
        while True:
            taken += 2**16
            yield b" " * 2**16

    async with calling(small) as http:
        check_unread(await http.post(path, headers=JSON, content=endless()), 413)
    assert taken < 2 * 2**20


@pytest.mark.parametrize("path", PATHS)
async def test_a_body_that_does_not_come_is_given_up(engine: FakeEngine, router: FakeRouter, path: str) -> None:
    async def dripping() -> Any:
        yield b"{"
        await asyncio.Event().wait()

    app = create_app(make_config(limits=LimitsConfig(body_timeout_s=0.05)), engine, router)
    async with calling(app) as http:
        check_unread(await http.post(path, headers=JSON, content=dripping()), 408)


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_nesting_has_a_limit(opening: str, closing: str) -> None:
    def text(num: int) -> bytes:
        return (opening * num + "1" * (opening != "[") + closing * num).encode()

    parse_json(text(MAX_DEPTH))
    for num in (MAX_DEPTH + 1, 900, 100_000):
        with pytest.raises(BadRequest):
            parse_json(text(num))


@pytest.mark.parametrize(("value", "num"), [(5, 0), ([], 1), ([1, [2], {"a": {"b": 1}}], 3)])
def test_depth_counts_lists_and_objects(value: Any, num: int) -> None:
    assert depth(value) == num


@pytest.mark.parametrize("value", ["1", "[]", "{}", '"a"'])
def test_values_have_a_limit(value: str) -> None:
    each = 1 + (value in ("[]", "{}"))
    most = (MAX_VALUES - 1) // each
    parse_json(f"[{','.join([value] * most)}]".encode())
    with pytest.raises(BadRequest, match="values"):
        parse_json(f"[{','.join([value] * (most + 2))}]".encode())


@pytest.mark.parametrize("number", [MAX_INTEGER - 1, -MAX_INTEGER])
def test_numbers_have_64_bits(number: int) -> None:
    assert parse_json(str(number).encode()) == number
    for more in (number + (1 if number > 0 else -1), number * 10**30):
        with pytest.raises(BadRequest, match="64 bits"):
            parse_json(f'{{"seed": {more}}}'.encode())


@pytest.mark.parametrize(
    "raw",
    [
        b"NaN",
        b'{"temperature": Infinity}',
        b"-Infinity",
        b'"\\ud800"',
        b'"\\uDfff"',
        b'"\xff"',
        '"a"'.encode("utf-16"),
        '"\ud800"'.encode("utf-16-le", "surrogatepass"),
        b"\xef\xbb\xbf{}",
    ],
)
def test_what_json_does_not_know_is_refused(raw: bytes) -> None:
    with pytest.raises(BadRequest, match="not valid JSON"):
        parse_json(raw)


def test_whole_surrogate_pairs_are_read() -> None:
    assert parse_json(b'"\\ud83d\\ude00"') == "\U0001f600"
