"""What is added to vLLM's chat serving: tokens counted as they come, and the trace that a request is part of."""

from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, use_span

from molora.compat import mend_torch_companions

mend_torch_companions()

from vllm.outputs import CompletionOutput, RequestOutput  # noqa: E402
from vllm.v1.engine import EngineCoreRequest  # noqa: E402
from vllm.v1.engine.input_processor import InputProcessor  # noqa: E402

from molora.engine.expert_chat import counted, read_trace  # noqa: E402
from molora.engine.interface import Usage  # noqa: E402

pytestmark = pytest.mark.engine

TRACE, SPAN = 0x4BF92F3577B34DA6A3CE929D0E0E4736, 0x00F067AA0BA902B7


def output(prompt: list[int] | None, *new: list[int]) -> RequestOutput:
    """With these new tokens of each choice."""
    choices = [CompletionOutput(index, "", tokens, None, None) for index, tokens in enumerate(new)]
    return RequestOutput("one", None, prompt, None, choices, finished=False)


class Outputs:
    """`closed` once nobody waits for more."""

    def __init__(self, *given: RequestOutput) -> None:
        self.given, self.closed = given, False

    async def generate(self) -> AsyncGenerator[Any, None]:
        try:
            for one in self.given:
                yield one
        finally:
            self.closed = True


async def test_tokens_of_all_choices_are_counted() -> None:
    usage, outputs = Usage(), Outputs(output([1, 2, 3], [4], [5, 6]), output(None, [7]), output([1, 2, 3], [], [8]))
    passed = [one async for one in counted(outputs.generate(), usage)]
    assert passed == list(outputs.given)
    assert usage == Usage(3, 5)


async def test_of_a_stream_that_is_left_what_came_is_counted_and_no_more_is_made() -> None:
    usage, outputs = Usage(), Outputs(output([1, 2], [3]), output([1, 2], [4]))
    stream = counted(outputs.generate(), usage)
    await anext(stream)
    await stream.aclose()
    assert usage == Usage(2, 1)
    assert outputs.closed


@dataclass
class Client:
    """The part of vLLM's that is asked about traces."""

    traces: bool

    async def is_tracing_enabled(self) -> bool:
        return self.traces


@pytest.fixture
def _within_a_span() -> Iterator[None]:
    context = SpanContext(TRACE, SPAN, is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED))
    with use_span(NonRecordingSpan(context)):
        yield


@pytest.mark.usefixtures("_within_a_span")
async def test_an_engine_that_traces_is_told_the_span_it_works_in() -> None:
    client: Any = Client(traces=True)
    told = await read_trace(client)
    assert told
    assert dict(told.headers) == {"traceparent": f"00-{TRACE:032x}-{SPAN:016x}-01"}


@pytest.mark.usefixtures("_within_a_span")
async def test_one_that_does_not_is_told_nothing() -> None:
    client: Any = Client(traces=False)
    assert await read_trace(client) is None


async def test_outside_a_trace_there_is_nothing_to_tell() -> None:
    client: Any = Client(traces=True)
    told = await read_trace(client)
    assert told
    assert not dict(told.headers)


def test_the_engine_tells_requests_of_one_name_apart() -> None:
    """It is vLLM's doing: two clients may name their requests alike."""
    requests = [EngineCoreRequest("mine", None, None, None, None, 0.0, None, None, None) for _ in range(2)]
    for request in requests:
        InputProcessor.assign_request_id(request)
    assert requests[0].request_id != requests[1].request_id
    assert {request.external_req_id for request in requests} == {"mine"}
