from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from molora.benchmarks.quality.arms import Arm, make_arms
from molora.benchmarks.quality.asking import Asking, collect
from molora.benchmarks.quality.item import Item
from molora.errors import Unavailable

ITEMS = [Item("Where?", "left", ("spatial",), "data:,one"), Item("Who?", "she", (), "data:,two")]
ROUTED = {
    "mode": "top2",
    "source": "router",
    "gates": {"social": 0.25, "spatial": 0.75},
    "probabilities": {"social": 0.2, "spatial": 0.6},
    "confidence": 0.6,
    "router_ms": 1.5,
}


class Server:
    """Answers with the question's last line; the model `nobody` it does not know."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.url = ""

    async def chat(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.bodies.append(body)
        if body["model"] == "nobody":
            return web.json_response({"error": {"message": "the model 'nobody' does not exist"}}, status=404)
        text = body["messages"][0]["content"][1]["text"].splitlines()[-1]
        token: dict[str, Any] = {"token": "a", "bytes": None, "logprob": -0.5, "top_logprobs": []}
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": text},
            "finish_reason": "stop",
            "logprobs": {"content": [token, token] if body["logprobs"] else []},
        }
        routing = ROUTED if body["model"] == "auto" else {"mode": "manual", "source": "manual", "gates": {}}
        return web.json_response({"id": "1", "object": "chat.completion", "choices": [choice], "routing": routing})


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server, app = Server(), web.Application()
    app.router.add_post("/v1/chat/completions", server.chat)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = "http://{}:{}".format(*runner.addresses[0][:2])
    yield server
    await runner.cleanup()


async def test_every_question_is_asked_of_every_arm_with_its_routing(server: Server) -> None:
    arms = make_arms(["spatial", "social"])
    answers = await collect(server.url, arms, ITEMS, Asking(max_in_flight=2, max_tokens=5))
    assert [(a.arm, a.index) for a in answers] == [(arm.name, index) for arm in arms for index in (0, 1)]
    sent = {(b["model"], str(b.get("routing"))) for b in server.bodies}
    assert sent == {(arm.model, str(arm.routing)) for arm in arms}
    assert all(body["max_tokens"] == 5 and body["temperature"] == 0 for body in server.bodies)
    seen = [body["messages"][0]["content"][0] for body in server.bodies]
    assert seen.count({"type": "image_url", "image_url": {"url": "data:,one"}}) == len(arms)


async def test_an_answer_keeps_the_decision_behind_it(server: Server) -> None:
    arms = [Arm("top2", "auto", {"mode": "top2"}), Arm("base", "base")]
    routed, bare = await collect(server.url, arms, ITEMS[:1], Asking())
    assert routed.expert == "spatial"
    assert (routed.gates, routed.probabilities) == (ROUTED["gates"], ROUTED["probabilities"])
    assert (routed.confidence, routed.source, routed.router_ms, routed.logprob) == (0.6, "router", 1.5, -1)
    assert (bare.expert, bare.gates, bare.probabilities, bare.confidence) == ("base", {}, None, None)
    assert (routed.kinds, routed.truth, routed.answer) == (("spatial",), "left", "Where?")


async def test_the_instruction_is_a_line_below_the_question(server: Server) -> None:
    answers = await collect(server.url, [Arm("base", "base")], ITEMS, Asking(instruction="One word."))
    assert [a.answer for a in answers] == ["One word.", "One word."]
    assert [a.question for a in answers] == ["Where?", "Who?"]


async def test_a_refusal_says_who_was_asked_what(server: Server) -> None:
    arms = [Arm("base", "base"), Arm("gone", "nobody")]
    with pytest.raises(Unavailable, match=r"gone was asked 'Where\?': .*does not exist"):
        await collect(server.url, arms, ITEMS, Asking(max_in_flight=1))
