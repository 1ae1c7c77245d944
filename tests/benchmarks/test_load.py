import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from molora.benchmarks.load import Round, Target, run_round
from molora.benchmarks.questions import ONE_TYPE, Example, make_examples
from molora.errors import Unavailable

Body = dict[str, Any]
EXAMPLES = list(make_examples(1, 8, ONE_TYPE))


class FakeServer:
    """Streams two chunks of text as vLLM does; with `routing` in the first one where the model is auto."""

    def __init__(self) -> None:
        self.bodies: list[Body] = []
        self.in_flight = self.max_in_flight = 0

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.bodies.append(body)
        if body["model"] == "broken":
            return web.json_response({"error": {"message": "no such model"}}, status=404)
        self.in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)
        response = web.StreamResponse()
        await response.prepare(request)
        for event in self.events(body):
            await response.write(f"data: {event}\n\n".encode())
            await asyncio.sleep(0.01)
        self.in_flight -= 1
        return response

    def events(self, body: Body) -> list[str]:
        if body["model"] == "failing":
            return [json.dumps({"error": {"message": "engine died"}})]
        first: Body = {"choices": [{"delta": {"role": "assistant", "content": ""}}]}
        if body["model"] == "auto":
            first["routing"] = {"gates": {"quantity": 1.0}, "router_ms": 3.5}
        text = [{"choices": [{"delta": {"content": word}}]} for word in ("two", ".")]
        return [*map(json.dumps, [first, *text, {"choices": [], "usage": {"completion_tokens": 2}}]), "[DONE]"]


Served = tuple[FakeServer, str]


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    fake = FakeServer()
    app = web.Application()
    app.router.add_post("/v1/chat/completions", fake.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    yield fake, f"http://{host}:{port}"
    await runner.cleanup()


def own_expert(example: Example) -> dict[str, Any]:
    return {"model": example.question.kinds[0]}


async def test_a_round_sends_every_example_once_and_keeps_to_its_concurrency(served: Served) -> None:
    fake, url = served
    async with aiohttp.ClientSession() as session:
        timings = await run_round(session, Target("vllm", url, own_expert), Round(1, 3, EXAMPLES, 16))
    assert [t.index for t in timings] == list(range(8))
    assert fake.max_in_flight == 3
    assert sorted(body["model"] for body in fake.bodies) == sorted(own_expert(e)["model"] for e in EXAMPLES)
    assert all(body["max_tokens"] == 16 and body["ignore_eos"] for body in fake.bodies)


async def test_the_first_token_is_the_first_text_not_the_first_event(served: Served) -> None:
    _, url = served
    async with aiohttp.ClientSession() as session:
        [one] = await run_round(session, Target("vllm", url, own_expert), Round(1, 1, EXAMPLES[:1], 0))
    assert one.sent_s + 0.009 < one.first_token_s < one.end_s
    assert one.num_tokens == 2
    assert one.router_ms == 0.0


async def test_what_molora_says_of_its_choice_is_kept(served: Served) -> None:
    _, url = served
    async with aiohttp.ClientSession() as session:
        [one] = await run_round(
            session, Target("molora", url, lambda _: {"model": "auto"}), Round(1, 1, EXAMPLES[:1], 0)
        )
    assert (one.expert, one.router_ms) == ("quantity", 3.5)


@pytest.mark.parametrize(("model", "words"), [("broken", r"404.*no such model"), ("failing", "engine died")])
async def test_a_failure_ends_the_benchmark_in_the_servers_words(served: Served, model: str, words: str) -> None:
    _, url = served
    async with aiohttp.ClientSession() as session:
        with pytest.raises(Unavailable, match=words):
            await run_round(session, Target("vllm", url, lambda _: {"model": model}), Round(1, 1, EXAMPLES[:1], 0))
