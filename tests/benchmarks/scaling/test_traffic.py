import base64
import io
from collections import Counter

import pytest
from PIL import Image

from molora.benchmarks.scaling.points import Setting
from molora.benchmarks.scaling.traffic import AUTO, MANUAL, WORDS, make_turn

NAMES = [f"e{number}" for number in range(8)]


def parts(query) -> tuple[Image.Image, str]:
    picture, text = query.messages[0]["content"]
    data = picture["image_url"]["url"].partition(",")[2]
    return Image.open(io.BytesIO(base64.b64decode(data))), text["text"]


def test_questions_are_as_long_and_pictures_as_large_as_asked_for():
    for query in make_turn("url", Setting(prompt=20, picture=56), AUTO, 1, NAMES).queries:
        picture, text = parts(query)
        assert picture.size == (56, 56)
        assert set(text.split()[:20]) <= set(WORDS)
        assert len(text.split()) > 20


def test_as_many_clients_have_enough_to_ask():
    turn = make_turn("url", Setting(concurrency=16), AUTO, 1, NAMES)
    assert turn.load.concurrency == 16
    assert len(turn.queries) == 128


def test_no_two_turns_ask_about_the_same_pictures_and_each_is_the_same_again():
    turns = [make_turn("url", Setting(), arm, number, NAMES) for arm in (AUTO, MANUAL) for number in (1, 2)]
    urls = [str(query.messages) for turn in turns for query in turn.queries]
    assert len(set(urls)) == len(urls)
    assert make_turn("url", Setting(), AUTO, 1, NAMES) == turns[0]


def test_the_router_chooses_or_the_client_by_zipfs_law():
    assert {str(q.bodies) for q in make_turn("url", Setting(), AUTO, 1, NAMES).queries} == {"({'model': 'auto'},)"}
    turns = (make_turn("url", Setting(concurrency=64), MANUAL, number, NAMES) for number in range(3))
    asked = Counter(query.bodies[0]["model"] for turn in turns for query in turn.queries)
    assert asked["e0"] / asked["e3"] == pytest.approx(4, rel=0.35)
    assert set(asked) == set(NAMES)
