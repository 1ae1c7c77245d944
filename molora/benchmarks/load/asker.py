"""A request function for vLLM's load generator: a question of one request or several, and who answered it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import aiohttp

BODIES = "bodies"
"""The one field of a request's `extra_body`: for each request that the question takes, the fields of its own."""


@dataclass(frozen=True)
class Heard:
    """What an answer's status and headers say; empty and None where they say nothing. `error` is of one that is not
    200."""

    error: str = ""
    expert: str = ""
    router_ms: float | None = None


class Listening:
    """A session whose answers' heads are heard."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session
        self.heard = Heard()

    @asynccontextmanager
    async def post(self, **request: Any) -> AsyncIterator[aiohttp.ClientResponse]:
        async with self._session.post(**request) as response:
            self.heard = await _hear(response)
            yield response


async def _hear(response: aiohttp.ClientResponse) -> Heard:
    if response.status != 200:
        return Heard(error=f"{response.status}: {await response.text()}")
    told_ms = response.headers.get("x-molora-router-ms")
    return Heard("", response.headers.get("x-molora-expert", ""), float(told_ms) if told_ms else None)


class Asker:
    """Keeps what it hears, by request id; of several requests what the first one heard."""

    def __init__(self) -> None:
        self.heard: dict[str, Heard] = {}

    async def __call__(self, request_func_input: Any, session: aiohttp.ClientSession, pbar: Any = None) -> Any:
        """Named as vLLM calls it. Requests of one question are sent at once."""
        del pbar
        parts = [
            replace(request_func_input, extra_body=body, request_id=f"{request_func_input.request_id}-{number}")
            for number, body in enumerate(request_func_input.extra_body[BODIES])
        ]
        answers = await asyncio.gather(*(_send(part, session) for part in parts))
        heards = [heard for _, heard in answers]
        self.heard[request_func_input.request_id] = next((one for one in heards if one.error), heards[0])
        return combine([output for output, _ in answers])


async def _send(part: Any, session: aiohttp.ClientSession) -> tuple[Any, Heard]:
    from vllm.benchmarks.lib.endpoint_request_func import async_request_openai_chat_completions

    listening = Listening(session)
    output = await async_request_openai_chat_completions(part, listening)
    if output.success and not output.output_tokens:  # the count comes last
        output = replace(output, success=False, error="an answer that broke off")
    return output, listening.heard


def combine(outputs: Sequence[Any]) -> Any:
    """Of vLLM's RequestFuncOutput. What several answers make together can first be read when all have ended."""
    failed = [output for output in outputs if not output.success]
    if failed or len(outputs) == 1:
        return [*failed, *outputs][0]
    start_s = min(output.start_time for output in outputs)
    took_s = max(output.start_time + output.latency for output in outputs) - start_s
    return replace(outputs[0], start_time=start_s, ttft=took_s, latency=took_s, itl=[])
