import numpy as np
import pytest

from molora.router.evaluation.measures import measure

SHARES = np.array([[0.9, 0.1, 0.0], [0.6, 0.3, 0.1], [0.2, 0.7, 0.1], [0.1, 0.2, 0.7]])
TRUTH = np.array([0, 1, 1, 0])


def test_figures_of_four_questions():
    report = measure(SHARES, TRUTH, ("a", "b", "c"))
    assert (report.num, report.accuracy, report.top2_recall) == (4, 0.5, 0.75)
    assert report.confusion == {
        "a": {"a": 1, "b": 0, "c": 1},
        "b": {"a": 1, "b": 1, "c": 0},
        "c": {"a": 0, "b": 0, "c": 0},
    }
    assert report.recall == {"a": 0.5, "b": 0.5, "c": 0.0}
    assert report.nll == pytest.approx(-np.log([0.9, 0.3, 0.7, 0.1]).mean())
    assert report.aurc == pytest.approx((0 + 1 / 3 + 1 / 3 + 2 / 4) / 4)


def test_macro_f1_is_over_the_classes_that_are_true_or_chosen():
    assert measure(SHARES, TRUTH, ("a", "b", "c")).macro_f1 == pytest.approx((1 / 2 + 2 / 3 + 0) / 3)
    assert measure(SHARES[:3], np.array([0, 0, 1]), ("a", "b", "c")).macro_f1 == 1.0


def test_a_report_can_be_written_as_json():
    assert measure(SHARES, TRUTH, ("a", "b", "c")).to_dict()["confusion"]["a"]["c"] == 1


def test_two_classes_are_both_among_the_likeliest_two():
    assert measure(SHARES[:, :2], np.array([1, 1, 0, 0]), ("a", "b")).top2_recall == 1.0
