"""The mix of a soak."""

import json
from collections import Counter
from itertools import islice

import pytest

from molora.benchmarks.soak.asked import WAYS, Asked
from molora.benchmarks.soak.traffic import BAD, GOLDEN, LENGTHS, NUM_GOLDENS, SHARES, Traffic

EXPERTS = ("spatial", "quantity", "physical", "social")
NUM = 1500


@pytest.fixture(scope="module")
def drawn() -> list[Asked]:
    return list(islice(Traffic(EXPERTS), NUM))


def new(drawn: list[Asked]) -> list[Asked]:
    return [one for one in drawn if one.kind in WAYS]


def parts(one: Asked, kind: str) -> list[str]:
    last = one.body["messages"][-1]["content"]
    return [json.dumps(part[kind]) for part in last if part["type"] == kind]


def test_no_picture_and_no_question_comes_twice(drawn: list[Asked]) -> None:
    pictures = [url for one in new(drawn) for url in parts(one, "image_url")]
    questions = [text for one in new(drawn) for text in parts(one, "text")]
    assert len(pictures) == len(set(pictures)) == sum(one.num_pictures for one in new(drawn))
    assert len(questions) == len(set(questions)) == len(new(drawn))


def test_everything_is_asked_by_its_share(drawn: list[Asked]) -> None:
    kinds = Counter(one.kind for one in drawn)
    assert set(kinds) == set(SHARES) == {*WAYS, GOLDEN, BAD}
    assert {kind: 100 * num / NUM for kind, num in kinds.items()} == pytest.approx(SHARES, abs=4)


def test_requests_differ_in_all_that_a_client_may_choose(drawn: list[Asked]) -> None:
    assert {one.num_pictures for one in new(drawn)} == {0, 1, 2}
    assert {one.body["max_tokens"] for one in new(drawn)} == set(LENGTHS)
    assert {len(one.body["messages"]) for one in new(drawn)} == {1, 3, 11}
    for kind in SHARES:
        assert {one.streams for one in drawn if one.kind == kind} == {False, True}


def test_who_leaves_leaves_a_long_answer(drawn: list[Asked]) -> None:
    leaving = [one for one in drawn if one.stays_s is not None]
    assert 0.02 * NUM < len(leaving) < 0.15 * NUM
    assert all(one.body["max_tokens"] == max(LENGTHS) and one.body["ignore_eos"] for one in leaving)


def test_bad_requests_alone_are_to_be_refused(drawn: list[Asked]) -> None:
    assert {one.status for one in drawn if one.kind != BAD} == {200}
    assert {one.status for one in drawn if one.kind == BAD} == {400, 404}


def test_golden_questions_are_repeated_in_every_way_of_asking(drawn: list[Asked]) -> None:
    names = Counter(one.golden for one in drawn if one.kind == GOLDEN)
    assert len(names) == NUM_GOLDENS
    assert min(names.values()) > 1
    assert {name.split()[0] for name in names} == set(WAYS)


def test_the_same_seed_asks_the_same(drawn: list[Asked]) -> None:
    assert list(islice(Traffic(EXPERTS), 50)) == drawn[:50]
    assert list(islice(Traffic(EXPERTS, seed=1), 50)) != drawn[:50]
