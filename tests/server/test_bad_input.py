"""Bad input on the real server: it is refused in one form that tells nothing, and nobody else notices."""

import re
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from molora.benchmarks.serving import ServerProcess
from tests.server.bad_fields import FIELD_ROWS
from tests.server.bad_http import BODIES, PATHS
from tests.server.bad_messages import CONVERSATIONS
from tests.server.bad_pictures import PICTURES
from tests.server.bad_shapes import SHAPES
from tests.server.odd_requests import ODD
from tests.server.rows import GOOD, Row

pytestmark = pytest.mark.engine

BAD = {**BODIES, **PATHS, **CONVERSATIONS, **FIELD_ROWS, **SHAPES, **PICTURES}
TOLD = re.compile(
    r"(?<![\w.])/(?:work|root|home|usr|opt|tmp|etc|proc)/|\.py\b|site-packages|Traceback|<backtrace>"
    r"|127\.0\.0\.1|0\.0\.0\.0|localhost|169\.254|:\d{4,5}\b"
    r"|<class |object at 0x|Error\(|_backend|\bvllm\.|\bjinja2\b|\bPIL\b"
)
"""Paths, addresses, tracebacks, and names from the inside."""
MAX_GROWN_BYTES = 2**29
IDLE_TIMEOUT_S = 120


class Neighbour:
    """Another client of the server, who asks the same question all the time."""

    def __init__(self, server: ServerProcess, http: httpx.Client) -> None:
        self.server, self.http = server, http
        self.answer = self.ask()
        self.num_bytes = self.memory()

    def send(self, row: Row) -> httpx.Response:
        url = self.server.url + row.path
        return self.http.request(row.method, url, content=row.content(), headers=dict(row.headers))

    def ask(self) -> Any:
        body = self.send(Row(GOOD)).json()
        return body["model"], body["choices"][0]["message"]["content"], body["routing"]["probabilities"]

    def memory(self) -> int:
        return sum(process.memory_full_info().uss for process in self.server.processes())

    def check_unharmed(self) -> None:
        assert self.http.get(f"{self.server.url}/ready").status_code == 200
        assert self.ask() == self.answer
        deadline = time.monotonic() + IDLE_TIMEOUT_S
        while self.num_at_work() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert self.num_at_work() == 0

    def num_at_work(self) -> float:
        metrics = self.http.get(f"{self.server.url}/metrics").text
        counts = re.findall(r"^vllm:num_requests_(?:running|waiting)\{.*\} (\S+)$", metrics, re.MULTILINE)
        assert len(counts) == 2
        return sum(map(float, counts))


@pytest.fixture(scope="module")
def neighbour(server: ServerProcess) -> Iterator[Neighbour]:
    with httpx.Client(trust_env=False, timeout=600) as http:
        yield Neighbour(server, http)


def check_refused(response: httpx.Response, row: Row) -> None:
    assert response.status_code == row.status, response.text
    assert set(response.json()) == {"error"}
    error = response.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["type"] == row.type
    assert row.param in (None, error["param"])
    assert error["message"]
    told = f"{error['message']} {error['param']} {error['code']} {response.headers}"
    assert not TOLD.search(told), told


@pytest.mark.parametrize("row", BAD.values(), ids=BAD)
def test_bad_input_is_refused_and_nobody_else_notices(neighbour: Neighbour, row: Row) -> None:
    check_refused(neighbour.send(row), row)
    neighbour.check_unharmed()


@pytest.mark.parametrize("row", ODD.values(), ids=ODD)
def test_odd_input_is_served_and_nobody_else_notices(neighbour: Neighbour, row: Row) -> None:
    response = neighbour.send(row)
    assert response.status_code == 200, response.text
    assert response.json()["choices"]
    neighbour.check_unharmed()


IN_STREAMS = {
    name: Row(row.body | {"stream": True}, row.param)
    for name, row in {**FIELD_ROWS, **SHAPES}.items()
    if row.status == 400 and isinstance(row.body, dict) and "stream" not in name
}


@pytest.mark.parametrize("row", IN_STREAMS.values(), ids=IN_STREAMS)
def test_a_stream_is_refused_before_it_begins(neighbour: Neighbour, row: Row) -> None:
    check_refused(neighbour.send(row), row)


def test_bad_input_leaves_no_memory_behind(neighbour: Neighbour) -> None:
    """What may grow is what caches and allocators keep."""
    for row in (*PICTURES.values(), *SHAPES.values()):
        neighbour.send(row)
    assert neighbour.memory() < neighbour.num_bytes + MAX_GROWN_BYTES
