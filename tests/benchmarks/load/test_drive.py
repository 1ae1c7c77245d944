from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pytest

from molora.benchmarks.load.drive import Query, Turn, run_turn
from molora.benchmarks.load.timing import Load, Timing
from molora.errors import Unavailable
from tests.benchmarks.load.serving import FakeServer, answering

Served = tuple[FakeServer, str]
CLOSED = Load(concurrency=3)


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with answering() as served:
        yield served


def query(*models: str) -> Query:
    messages: list[dict[str, Any]] = [{"role": "user", "content": [{"type": "text", "text": "How many?"}]}]
    return Query(messages, tuple({"model": model} for model in models))


async def run(url: str, *queries: Query, load: Load = CLOSED, num_tokens: int = 2) -> list[Timing]:
    return await run_turn(Turn("arm", url, load, 1, queries, num_tokens))


async def test_every_question_is_asked_once_and_no_more_at_once_than_there_are_clients(served: Served) -> None:
    fake, url = served
    models = ["spatial", "social", "physical", "spatial", "base", "social", "spatial"]
    timings = await run(url, *map(query, models))
    assert [(t.index, t.expert) for t in timings] == list(enumerate(models))
    assert fake.max_in_flight == 3
    assert sorted(body["model"] for body in fake.bodies) == sorted(models)
    assert all(body["max_completion_tokens"] == 2 and body["ignore_eos"] for body in fake.bodies)
    assert all(body["messages"] == query("").messages for body in fake.bodies)


async def test_time_stamps_are_in_order_and_of_the_first_and_the_last_token(served: Served) -> None:
    _, url = served
    [one] = await run(url, query("spatial"))
    assert one.sent_s < one.first_token_s
    assert 0.009 < one.end_s - one.first_token_s < 0.1
    assert (one.num_tokens, one.router_ms) == (2, None)


async def test_what_molora_says_of_its_choice_is_kept(served: Served) -> None:
    _, url = served
    [one] = await run(url, query("auto"))
    assert (one.expert, one.router_ms) == ("quantity", 3.5)


async def test_two_requests_of_a_question_are_sent_at_once_and_end_with_the_slower(served: Served) -> None:
    fake, url = served
    [one] = await run(url, query("spatial", "slow"))
    assert fake.max_in_flight == 2
    assert len(set(fake.ids)) == 2
    assert one.ttft_s == one.latency_s > 0.1
    assert (one.expert, one.num_tokens, one.tpot_s) == ("spatial", 2, None)


async def test_answers_may_end_by_themselves(served: Served) -> None:
    fake, url = served
    await run(url, query("spatial"), num_tokens=0)
    assert "ignore_eos" not in fake.bodies[0]


async def test_questions_arrive_whether_others_are_answered_or_not(served: Served) -> None:
    fake, url = served
    await run(url, *[query("slow")] * 8, load=Load(rate=100))
    assert fake.max_in_flight > 3


async def test_poisson_arrival_is_the_same_for_all_arms_of_a_round(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, url = served
    drawn: list[float] = []
    draw = np.random.gamma

    def gamma(shape: float, scale: float) -> float:
        drawn.append(float(draw(shape, scale)))
        return drawn[-1]

    monkeypatch.setattr(np.random, "gamma", gamma)
    for _ in range(2):
        await run(url, *[query("spatial")] * 8, load=Load(rate=100))
    assert drawn[:8] == drawn[8:]
    assert len(set(drawn)) == 8


@pytest.mark.parametrize(("model", "words"), [("missing", r"404.*no such model"), ("breaking", "broke off")])
async def test_a_failure_ends_the_benchmark(served: Served, model: str, words: str) -> None:
    _, url = served
    with pytest.raises(Unavailable, match=words):
        await run(url, query("spatial"), query(model))


async def test_proxies_of_the_environment_are_for_other_hosts(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    _, url = served
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert len(await run(url, query("spatial"))) == 1
