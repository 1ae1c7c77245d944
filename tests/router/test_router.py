import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from PIL import Image
from threadpoolctl import threadpool_info

from molora.config import PolicyConfig
from molora.errors import BadRequest, Unavailable
from molora.router.fingerprint import Asked
from molora.router.query import Decision, Query, Wishes
from molora.router.router import MAX_CHARACTERS, Router, ask
from molora.router.scoring import Scorer
from tests.router.fakes import EXPERTS, FakeEncoder, make_head

WARM_UP = [""]
RED, GREEN = (Image.new("RGB", (32, 32), colour) for colour in ("#f00", "#0f0"))


@asynccontextmanager
async def running(encoder: FakeEncoder, **options: Any) -> AsyncIterator[Router]:
    router = Router(Scorer(encoder, make_head()), EXPERTS, **options)
    await router.start()
    try:
        yield router
    finally:
        await router.stop()


async def test_the_right_expert_answers_and_the_decision_says_so():
    async with running(FakeEncoder()) as router:
        decision = await router.route(Query("who waves?"), Wishes())
    assert (decision.mode, decision.source, decision.gates) == ("top1", "router", {"social": 1.0})
    assert list(decision.probabilities) == list(EXPERTS)
    assert decision.router_ms > 0


async def test_a_repeated_question_is_not_encoded_again_whatever_the_wishes():
    encoder = FakeEncoder()
    async with running(encoder) as router:
        await router.route(Query("who waves?"), Wishes())
        await router.route(Query("  who waves?\n"), Wishes(temperature=2.0))
        denied = await router.route(Query("who waves?"), Wishes(deny=("social",)))
    assert encoder.batches == [WARM_UP, ["who waves?"]]
    assert denied.expert == "spatial"


@asynccontextmanager
async def looking(encoder: FakeEncoder) -> AsyncIterator[Router]:
    router = Router(Scorer(encoder, make_head(looks=True)), EXPERTS)
    await router.start()
    try:
        yield router
    finally:
        await router.stop()


@pytest.mark.parametrize("side", [32, 300, 2000])
async def test_a_picture_decides_where_the_text_does_not(side: int):
    pictures = [Image.new("RGB", (side, side), colour) for colour in ("#f00", "#0f0")]
    async with looking(FakeEncoder(looks=True)) as router:
        decisions = [await router.route(Query("why?", (picture,)), Wishes()) for picture in pictures]
    assert [decision.expert for decision in decisions] == ["spatial", "social"]


async def test_the_same_question_about_the_same_picture_is_read_once_and_about_another_again():
    encoder = FakeEncoder(looks=True)
    async with looking(encoder) as router:
        for picture in (RED, RED.copy(), GREEN):
            await router.route(Query("why?", (picture,)), Wishes())
        await router.route(Query("why?"), Wishes())
    assert encoder.batches == [WARM_UP, ["why?"], ["why?"], ["why?"]]


async def test_a_picture_without_a_question_is_routed_too():
    async with looking(FakeEncoder(looks=True)) as router:
        assert (await router.route(Query("", (GREEN, GREEN)), Wishes())).source == "router"


async def test_where_nobody_looks_another_picture_is_the_same_question():
    encoder = FakeEncoder()
    async with running(encoder) as router:
        for picture in (RED, GREEN):
            await router.route(Query("who?", (picture,)), Wishes())
    assert encoder.batches == [WARM_UP, ["who?"]]


def test_a_query_is_asked_as_the_encoder_reads_it():
    large = Query(" who?\n", (Image.new("L", (5000, 3000)),))
    asked = ask(large, looks=True)
    assert asked.query.text == "who?"
    assert asked.query.images[0].mode == "RGB"
    assert asked.query.images[0].size < (600, 600)
    assert ask(asked.query, looks=True).key == asked.key
    assert ask(large, looks=False) == Asked(("who?", ()), Query("who?"))


async def test_the_cache_is_bounded():
    encoder = FakeEncoder()
    async with running(encoder, cache_size=1) as router:
        for text in ("a", "b", "a"):
            await router.route(Query(text), Wishes())
    assert encoder.batches == [WARM_UP, ["a"], ["b"], ["a"]]


async def test_concurrent_questions_share_batches_and_get_their_own_answers():
    encoder = FakeEncoder()
    texts = [f"{'who' if i % 3 else 'where'} {i % 50}" for i in range(200)]
    async with running(encoder, max_batch=16) as router:
        decisions = await asyncio.gather(*(router.route(Query(text), Wishes()) for text in texts))
    assert [d.expert for d in decisions] == ["social" if "who" in text else "spatial" for text in texts]
    encoded = [text for batch in encoder.batches[1:] for text in batch]
    assert sorted(encoded) == sorted(set(texts))
    assert max(map(len, encoder.batches)) == 16


async def test_gates_by_hand_and_refusals_never_reach_the_encoder():
    encoder = FakeEncoder()
    async with running(encoder) as router:
        by_hand = await router.route(Query("who?"), Wishes(mode="manual", gates={"spatial": 1.0}))
        with pytest.raises(BadRequest):
            await router.route(Query("who?"), Wishes(allow=("nobody",)))
    assert (by_hand.expert, by_hand.source) == ("spatial", "manual")
    assert encoder.batches == [WARM_UP]


async def test_a_failure_is_not_remembered():
    encoder = FakeEncoder()
    async with running(encoder) as router:
        encoder.failure = RuntimeError("once")
        with pytest.raises(Unavailable):
            await router.route(Query("who?"), Wishes())
        encoder.failure = None
        assert (await router.route(Query("who?"), Wishes())).expert == "social"


async def test_an_encoder_that_fails_at_start_leaves_nothing_running():
    router = Router(Scorer(FakeEncoder(failure=RuntimeError("broken")), make_head()), EXPERTS)
    with pytest.raises(Unavailable):
        await router.start()
    with pytest.raises(Unavailable):
        await router.route(Query("who?"), Wishes())


async def test_a_very_long_text_is_cut():
    encoder = FakeEncoder()
    async with running(encoder) as router:
        await router.route(Query("who " * 1_000_000), Wishes())
    assert len(encoder.batches[1][0]) == MAX_CHARACTERS


async def test_the_deployments_temperature_flattens_the_probabilities():
    async with running(FakeEncoder()) as sharp, running(FakeEncoder(), rules=PolicyConfig(temperature=10.0)) as flat:
        confident, doubtful = [await router.route(Query("who?"), Wishes()) for router in (sharp, flat)]
    assert confident.confidence > doubtful.confidence > 0.5


async def test_texts_are_read_together_and_give_vectors_of_length_one():
    encoder = FakeEncoder()
    async with running(encoder) as router:
        vectors = await router.read(["who?", "why?", " who?\n"])
    assert encoder.batches == [WARM_UP, ["who?", "why?"]]
    assert vectors.tolist() == [[0, 1, 0], [0, 0, 1], [0, 1, 0]]
    with pytest.raises(Unavailable):
        await router.read(["where?"])


async def test_an_expert_that_comes_and_goes_counts_at_once_for_questions_already_read():
    encoder = FakeEncoder()
    async with running(encoder) as router:
        before = await router.route(Query("why so?"), Wishes())
        router.set_expert("reasons", await router.read(["why?"]))
        there = await router.route(Query("why so?"), Wishes())
        by_hand = await router.route(Query("who?"), Wishes(gates={"reasons": 1.0}))
        assert (router.experts, router.routed_by("reasons")) == ((*EXPERTS, "reasons"), "examples")
        router.remove_expert("reasons")
        after = await router.route(Query("why so?"), Wishes())
        with pytest.raises(BadRequest, match="unknown expert 'reasons'"):
            await router.route(Query("who?"), Wishes(gates={"reasons": 1.0}))
    assert (there.expert, by_hand.expert, router.experts) == ("reasons", "reasons", EXPERTS)
    assert (before.gates, before.probabilities) == (after.gates, after.probabilities)
    assert encoder.batches == [WARM_UP, ["why so?"], ["why?"]]


async def test_an_expert_removed_while_a_question_waits_does_not_get_it():
    encoder = FakeEncoder()
    async with running(encoder) as router:
        router.set_expert("reasons", await router.read(["why?"]))
        encoder.free.clear()
        wishes = Wishes(), Wishes(deny=("reasons",)), Wishes(deny=("spatial",))
        waiting = [asyncio.create_task(router.route(Query("why so?"), wish)) for wish in wishes]
        await asyncio.sleep(0)
        router.remove_expert("reasons")
        encoder.free.set()
        free, denied, other = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(free, Decision)
    assert list(free.probabilities) == list(EXPERTS)
    assert isinstance(denied, BadRequest)
    assert isinstance(other, Decision)
    assert other.gates == {"social": 1.0}


async def test_an_expert_added_while_a_question_waits_may_get_it():
    encoder = FakeEncoder()
    async with running(encoder) as router:
        vectors = await router.read(["why?"])
        encoder.free.clear()
        waiting = asyncio.create_task(router.route(Query("why so?"), Wishes()))
        await asyncio.sleep(0)
        router.set_expert("reasons", vectors)
        encoder.free.set()
        assert (await waiting).expert == "reasons"


async def test_blas_has_one_thread_while_the_router_runs():
    before = count_blas_threads()
    router = Router(Scorer(FakeEncoder(), make_head()), EXPERTS)
    await router.start()
    assert set(count_blas_threads()) == {1}
    await router.stop()
    assert count_blas_threads() == before


def count_blas_threads() -> list[int]:
    return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]
