import pytest

from molora.benchmarks.quality.answer import Answer
from molora.benchmarks.quality.figures import choices, exact_match, figure, gains, routing, texts
from molora.benchmarks.results import Figure
from tests.benchmarks.quality.rows import make_answer

KINDS = ["spatial", "spatial", "quantity", "quantity", "quantity+spatial", "quantity+spatial"]
RIGHT = {"base": "100000", "top1": "111010", "top2": "111011", "soft": "111000"}
EXPERTS = ("spatial", "quantity")
CHOSEN = {"spatial": "spatial", "quantity": "spatial", "quantity+spatial": "quantity"}
SCORES = {("2", "2"): {"near": 1.0}, ("3", "2"): {"near": 0.5}}
ANSWERS: list[Answer] = [
    make_answer(arm, kinds, right=mark == "1", index=index, expert=CHOSEN[kinds])
    for arm, marks in RIGHT.items()
    for index, (kinds, mark) in enumerate(zip(KINDS, marks, strict=True))
]


def row(figures: list[Figure], name: str) -> dict[str, float]:
    return {one.column: one.value for one in figures if one.row == name}


def test_exact_match_is_by_type_with_both_means_of_types() -> None:
    assert row(list(exact_match(ANSWERS)), "top1") == {
        "spatial": 1.0,
        "quantity": 0.5,
        "all": 0.75,
        "two types": 0.5,
        "mean of types": 0.75,
        "harmonic mean": pytest.approx(2 / 3),
    }


def test_without_types_there_are_no_means_of_them() -> None:
    figures = list(exact_match([make_answer("base", "", right=True, index=i) for i in range(3)]))
    assert [(one.column, one.value, one.low, one.high) for one in figures] == [("all", 1.0, 1.0, 1.0)]


def test_text_metrics_are_over_all_questions() -> None:
    assert row(list(texts(ANSWERS, SCORES)), "base") == {"exact match": 1 / 6, "near": pytest.approx((1 + 5 * 0.5) / 6)}


def test_a_question_of_two_types_may_go_to_either_expert() -> None:
    found = row(list(routing(ANSWERS, EXPERTS)), "top1")
    assert found == {"spatial": 1.0, "quantity": 0.0, "all": 0.5, "two types": 1.0}


def test_only_routed_arms_and_questions_with_an_expert_tell_of_routing() -> None:
    figures = list(routing([*ANSWERS, make_answer("top1", "OPEN", right=True, index=9)], EXPERTS))
    assert {one.row for one in figures} == {"top1", "top2", "soft"}
    assert {one.column for one in figures} == {"spatial", "quantity", "all", "two types"}


def test_what_the_router_leaves_to_the_backbone_is_counted() -> None:
    left = [make_answer("top1", "", right=True, index=9, expert="base"), make_answer("base", "", right=True, index=9)]
    figures = list(choices([*ANSWERS, *left], EXPERTS))
    assert row(figures, "top1") == pytest.approx({"spatial": 4 / 7, "quantity": 2 / 7, "base": 1 / 7})
    assert {one.row for one in figures} == {"top1", "top2", "soft"}
    assert {one.better for one in figures} == {"neither"}


def test_a_gain_is_measured_question_by_question() -> None:
    found = list(gains(ANSWERS))
    assert row(found, "top2") == {"spatial": 0.0, "quantity": 0.0, "all": 0.0, "two types": 0.5}
    assert row(found, "soft")["two types"] == -0.5
    certain = next(one for one in found if one.row == "top2" and one.column == "all")
    assert (certain.low, certain.high) == (0.0, 0.0)


def test_figures_stand_in_five_tables() -> None:
    found = figure(ANSWERS, SCORES, EXPERTS)
    groups = ["exact match", "text metrics", "routing accuracy", "largest gate", "exact match, less top1's"]
    assert list(dict.fromkeys(one.group for one in found)) == groups
    assert all(one.low is not None and one.high is not None and one.low <= one.value <= one.high for one in found)
