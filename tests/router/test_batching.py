import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import numpy as np
import pytest

from molora.errors import Unavailable
from molora.router import batching
from molora.router.batching import Batcher
from molora.router.fingerprint import Asked
from molora.router.query import Query
from molora.router.scoring import Reading, Scorer
from tests.router.fakes import FakeEncoder, make_head


def asked(text: str) -> Asked:
    return Asked((text, ()), Query(text))


WHERE, WHO, WHY = [1, 0, 0], [0, 1, 0], [0, 0, 1]


@asynccontextmanager
async def running(encoder: FakeEncoder, max_batch: int = 64) -> AsyncIterator[Batcher]:
    batcher = Batcher(Scorer(encoder, make_head()).score, max_batch, quick=encoder.quick)
    await batcher.start()
    try:
        yield batcher
    finally:
        encoder.free.set()
        await batcher.stop()


async def hold(encoder: FakeEncoder, batcher: Batcher) -> "asyncio.Task[Reading]":
    """A first question that the worker is busy with until the encoder is set free."""
    encoder.free.clear()
    first = asyncio.create_task(batcher.score(asked("first")))
    await asyncio.to_thread(encoder.busy.wait, 30)
    return first


async def ask(batcher: Batcher, texts: Sequence[str]) -> "list[asyncio.Task[Reading]]":
    tasks = [asyncio.create_task(batcher.score(asked(text))) for text in texts]
    await asyncio.sleep(0)
    return tasks


async def test_questions_that_arrive_during_a_batch_make_the_next_one():
    encoder = FakeEncoder()
    async with running(encoder) as batcher:
        first = await hold(encoder, batcher)
        others = await ask(batcher, ["who?", "where?", "when?"])
        encoder.free.set()
        readings = await asyncio.gather(first, *others)
    assert encoder.batches == [["first"], ["who?", "where?", "when?"]]
    assert [reading.vector.tolist() for reading in readings] == [WHERE, WHO, WHERE, WHERE]


async def test_a_batch_is_no_larger_than_allowed():
    encoder = FakeEncoder()
    async with running(encoder, max_batch=2) as batcher:
        first = await hold(encoder, batcher)
        others = await ask(batcher, list("abcde"))
        encoder.free.set()
        await asyncio.gather(first, *others)
    assert encoder.batches[1:] == [["a", "b"], ["c", "d"], ["e"]]


async def test_equal_texts_that_wait_together_are_computed_once():
    encoder = FakeEncoder()
    async with running(encoder) as batcher:
        first = await hold(encoder, batcher)
        others = await ask(batcher, ["who?"] * 5 + ["first"])
        encoder.free.set()
        await asyncio.gather(first, *others)
    assert encoder.batches == [["first"], ["who?"]]


async def test_one_worker_thread_computes_and_the_event_loop_stays_free():
    encoder = FakeEncoder()
    async with running(encoder) as batcher:
        first = await hold(encoder, batcher)
        for _ in range(100):
            await asyncio.sleep(0)
        assert not first.done()
        encoder.free.set()
        await asyncio.gather(first, *await ask(batcher, list("ab")))
    assert len(encoder.threads) == 1
    assert threading.get_ident() not in encoder.threads


async def test_a_failing_encoder_fails_who_waits_and_serves_who_comes_after():
    encoder = FakeEncoder()
    async with running(encoder) as batcher:
        first = await hold(encoder, batcher)
        encoder.failure = RuntimeError("no memory at /secret/path")
        encoder.free.set()
        with pytest.raises(Unavailable) as refusal:
            await first
        assert "secret" not in refusal.value.message
        encoder.failure = None
        assert (await batcher.score(asked("first"))).vector.tolist() == WHERE


async def test_a_question_that_the_encoder_cannot_take_fails_alone():
    encoder = FakeEncoder(poison="bad")
    async with running(encoder) as batcher:
        first = await hold(encoder, batcher)
        others = await ask(batcher, ["who?", "a", "b", "bad", "c"])
        encoder.free.set()
        results = await asyncio.gather(first, *others, return_exceptions=True)
    assert isinstance(results[4], Unavailable)
    assert [r.vector.tolist() for r in results if isinstance(r, Reading)] == [WHERE, WHO, WHERE, WHERE, WHERE]


async def test_an_encoder_that_answers_too_few_readings_fails_the_batch_alone():
    reading = Reading(np.zeros(2, dtype=np.float32), np.ones(3, dtype=np.float32), 1.0)
    answers: list[list[Reading]] = [[], [reading]]
    batcher = Batcher(lambda _: answers.pop(0), 64, quick=False)
    await batcher.start()
    with pytest.raises(Unavailable):
        await batcher.score(asked("a"))
    assert await batcher.score(asked("a")) is reading
    await batcher.stop()


async def test_a_client_that_goes_away_takes_no_answer_from_another():
    encoder = FakeEncoder()
    async with running(encoder) as batcher:
        first = await hold(encoder, batcher)
        gone, stays = await ask(batcher, ["who?", "who?"])
        gone.cancel()
        encoder.free.set()
        assert (await stays).vector.tolist() == WHO
        await first
    assert gone.cancelled()


async def test_stopping_fails_who_waits_and_starting_again_serves():
    encoder = FakeEncoder()
    batcher = Batcher(Scorer(encoder, make_head()).score, 64, quick=False)
    await batcher.start()
    first = await hold(encoder, batcher)
    (second,) = await ask(batcher, ["second"])
    stopping = asyncio.create_task(batcher.stop())
    for waiting in (first, second):
        with pytest.raises(Unavailable):
            await waiting
    encoder.free.set()
    await stopping
    await batcher.stop()
    with pytest.raises(Unavailable):
        await batcher.score(asked("after"))
    await batcher.start()
    assert (await batcher.score(asked("again"))).vector.tolist() == WHERE
    await batcher.stop()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("molora-router")]


async def test_who_comes_while_a_batch_is_late_does_not_wait_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = FakeEncoder()
    async with running(encoder) as batcher:
        first = await hold(encoder, batcher)
        monkeypatch.setattr(batching, "LATE_S", 0.0)
        with pytest.raises(Unavailable, match="late"):
            await batcher.score(asked("who?"))
        encoder.free.set()
        await first
        assert (await batcher.score(asked("who?"))).vector.tolist() == WHO
        assert encoder.batches == [["first"], ["who?"]]


async def test_a_quick_encoder_answers_a_few_of_a_turn_at_once_and_its_others_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(batching, "AT_ONCE", 2)
    encoder = FakeEncoder(quick=True, poison="poison")
    async with running(encoder) as batcher:
        tasks = await ask(batcher, ["who?", "why?", "poison", "where?", "who?"])
        assert encoder.batches == [["who?"], ["why?"]]
        await asyncio.wait(tasks)
        later = await ask(batcher, ["when?"])
        assert later[0].result().vector.tolist() == WHERE
        with pytest.raises(Unavailable):
            tasks[2].result()
        assert [tasks[at].result().vector.tolist() for at in (0, 1, 3, 4)] == [WHO, WHY, WHERE, WHO]
    assert encoder.batches[2] == ["poison", "where?", "who?"]
    assert encoder.threads == {threading.get_ident()}


async def test_a_quick_encoder_that_fails_fails_the_question():
    async with running(FakeEncoder(quick=True, poison="poison")) as batcher:
        with pytest.raises(Unavailable, match="could not read"):
            await batcher.score(asked("poison"))
