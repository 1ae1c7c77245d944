from collections.abc import Sequence

import numpy as np

from molora.router.labels.openings import MIN_FOLLOWERS, decide, find_openings

CLASSES = ("quantity", "social")
NOUNS = [f"thing{i}s" for i in range(MIN_FOLLOWERS)]


def find(labelled: Sequence[tuple[str, str]]) -> dict[str, str]:
    texts, labels = zip(*labelled, strict=True)
    targets = np.eye(2, dtype=np.float32)[[CLASSES.index(label) for label in labels]]
    return {" ".join(opening): CLASSES[leader] for opening, leader in find_openings(texts, targets).items()}


def count(nouns: Sequence[str], label: str = "quantity") -> list[tuple[str, str]]:
    return [(f"How many {noun} are there?", label) for noun in nouns]


PEOPLE = [*count(["people"] * 500, "social"), *count(["people"] * 100)]


def test_an_opening_decides_however_often_a_noun_is_asked_about():
    assert find([*count(NOUNS), *PEOPLE]) == {"how many": "quantity"}


def test_an_opening_whose_labels_never_contradict_each_other_does_not_decide():
    assert find([*count(NOUNS), *count(["people"] * 500, "social")]) == {}
    assert find([*count(NOUNS), *count(["people"] * 500, "social"), *count(["people"] * 5)]) == {}


def test_an_opening_with_few_words_after_it_does_not_decide():
    assert find([*count(NOUNS[:-2]), *PEOPLE]) == {}


def test_an_opening_whose_words_disagree_does_not_decide():
    assert find([*count(NOUNS[::2]), *count(NOUNS[1::2], "social"), *PEOPLE]) == {}


def test_only_where_a_short_opening_leaves_it_open_a_longer_one_decides():
    waving = [(f"how do the {noun} wave", label) for noun in NOUNS for label in ("social", "social", "social")]
    waving += [(f"how do the {NOUNS[0]} wave", "quantity")] * 2
    assert find([*count(NOUNS), *PEOPLE, *waving]) == {"how many": "quantity", "how do the": "social"}
    many = [(text.replace("how do the", "how many of the"), label) for text, label in waving]
    assert find([*count(NOUNS), *PEOPLE, *many]) == {"how many": "quantity"}


def test_a_question_is_decided_by_its_opening_in_any_spelling():
    leaders = {("how", "many"): 0, ("what's",): 1}
    assert decide("HOW  many, of these?", leaders) == 0
    assert decide("What's he doing?", leaders) == 1
    assert [decide(text, leaders) for text in ("how", "", "?", "many how many")] == [None] * 4
