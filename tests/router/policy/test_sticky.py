import pytest
from hypothesis import given
from hypothesis import strategies as st

from molora.config import PolicyConfig
from molora.router.policy.choosers import find_best
from molora.router.policy.sticky import MAX_TURNS, follow, stay, stickiness, take_earlier
from molora.router.query import Query, Wishes

NAMES = ("a", "b", "c")
turns = st.tuples(*[st.floats(0.01, 1)] * 3).map(
    lambda parts: {name: part / sum(parts) for name, part in zip(NAMES, parts, strict=True)}
)
conversations = st.lists(turns, min_size=1, max_size=9)
margins = st.floats(0, 1)


@given(conversations, margins)
def test_who_answers_is_never_less_likely_than_the_best_by_more_than_the_margin(conversation, margin):
    *earlier, last = conversation
    held = follow(earlier, last, margin)
    assert max(last.values()) - last[held] <= margin


@given(conversations, margins)
def test_each_turn_of_a_conversation_goes_by_the_answer_to_the_one_before(conversation, margin):
    answers = [follow(conversation[:num], turn, margin) for num, turn in enumerate(conversation)]
    assert answers[0] == find_best(conversation[0])
    for before, turn, answer in zip(answers[:-1], conversation[1:], answers[1:], strict=True):
        assert answer == stay(before, turn, margin)
        assert answer in (before, find_best(turn))


@given(conversations)
def test_with_the_largest_margin_the_first_expert_stays_to_the_end(conversation):
    *earlier, last = conversation
    assert follow(earlier, last, 1.0) == find_best(conversation[0])


def test_an_expert_stays_at_exactly_the_margin_and_not_beyond():
    shares = {"a": 0.25, "b": 0.75}
    assert stay("a", shares, 0.5) == "a"
    assert stay("a", shares, 0.49) == "b"
    assert stay("gone", shares, 1.0) == "b"


@pytest.mark.parametrize(
    ("wishes", "margin"),
    [
        ({}, 0.3),
        ({"sticky": 0.0}, 0.0),
        ({"sticky": 0.6}, 0.6),
        ({"mode": "top2"}, 0.0),
        ({"mode": "soft"}, 0.0),
    ],
)
def test_the_request_says_how_sticky_it_is_and_only_top1_can_be(wishes, margin):
    assert stickiness(Wishes(**wishes), PolicyConfig(sticky=0.3)) == margin


def test_only_the_last_messages_are_looked_at_and_none_where_nothing_is_sticky():
    query = Query("now", earlier=tuple(Query(str(i)) for i in range(20)))
    taken = take_earlier(query, Wishes(sticky=0.1), PolicyConfig())
    assert [turn.text for turn in taken] == [str(i) for i in range(20 - MAX_TURNS, 20)]
    assert take_earlier(query, Wishes(), PolicyConfig()) == ()
    assert take_earlier(query, Wishes(mode="soft"), PolicyConfig(sticky=0.1)) == ()
