"""What a soak sends, and how it judges what comes."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from molora.benchmarks.soak.asked import Asked
from molora.benchmarks.soak.client import Client
from molora.benchmarks.streams import open_session
from tests.benchmarks.soak.answering import AnsweringServer, serving


@pytest.fixture
def server() -> AnsweringServer:
    return AnsweringServer()


@pytest.fixture
async def client(server: AnsweringServer) -> AsyncIterator[Client]:
    async with serving(server) as url, open_session() as session:
        yield Client(session, url)


def asked(model: str = "base", *, stream: bool = False, **fields: Any) -> Asked:
    return Asked("expert", {"model": model, "stream": stream}, **fields)


@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_that_ends_is_an_answer(client: Client, stream: bool) -> None:
    one = await client.send(asked(stream=stream))
    assert (one.status, one.fault, one.num_tokens, one.is_answered) == (200, "", 2, True)
    assert (one.first_s is not None) == stream
    assert one.sent_s <= one.end_s


async def test_a_request_that_was_late_is_measured_from_when_it_was_due(client: Client) -> None:
    one = await client.send(asked(), due_s=1.0)
    assert one.due_s == 1.0
    assert one.sent_s > 1.0


@pytest.mark.parametrize(
    ("model", "fault"),
    [
        ("nobody", "status 404"),
        ("failing", "broken: {'message': 'engine died'}"),
        ("ending", "broken: no end"),
        ("breaking", "broken: ClientPayloadError"),
    ],
)
async def test_whatever_should_not_be_is_a_fault(client: Client, model: str, fault: str) -> None:
    one = await client.send(asked(model, stream=True))
    assert (one.fault, one.is_answered) == (fault, False)
    assert one.said


async def test_a_bad_request_is_to_be_refused_as_foreseen(client: Client) -> None:
    refused = await client.send(asked("nobody", status=404))
    assert (refused.status, refused.fault, refused.is_answered) == (404, "", False)
    served = await client.send(asked("base", status=400))
    assert served.fault == "status 200"


async def test_a_server_that_is_gone_is_a_fault_and_no_error() -> None:
    async with serving(AnsweringServer()) as url:
        pass
    async with open_session() as session:
        one = await Client(session, url).send(asked())
    assert (one.status, one.fault) == (0, "broken: ClientConnectorError")


async def test_a_client_that_does_not_stay_leaves_amid_the_stream(server: AnsweringServer, client: Client) -> None:
    one = await client.send(asked("endless", stream=True, stays_s=0.0))
    assert (one.has_left, one.status, one.fault, one.is_answered) == (True, 200, "", False)
    await asyncio.wait_for(server.left.wait(), 60)


async def test_a_client_may_leave_before_there_is_an_answer(server: AnsweringServer, client: Client) -> None:
    server.waits_for = 2
    one = await client.send(asked(stays_s=0.0))
    assert (one.has_left, one.status, one.fault) == (True, 0, "")


async def test_a_golden_answer_must_stay_as_it_was(server: AnsweringServer, client: Client) -> None:
    for stream in (False, True):
        assert (await client.send(asked(stream=stream, golden="a"))).is_answered
    server.says = "three."
    assert (await client.send(asked(golden="b"))).is_answered
    changed = await client.send(asked(golden="a"))
    assert (changed.fault, changed.said) == ("another answer", "three.")
    assert (await client.send(asked())).is_answered
