import numpy as np
import pytest

from molora.router.evaluation.curves import (
    NUM_POINTS,
    area_under_risks,
    expected_calibration_error,
    find_reliability,
    find_risks,
    sample_accuracies,
)

RIGHT = np.array([True, True, True, False])


def test_calibration_error_is_nil_when_confidence_is_kept_and_the_gap_when_not():
    assert expected_calibration_error(np.full(4, 0.75), RIGHT) == pytest.approx(0)
    assert expected_calibration_error(np.full(4, 1.0), RIGHT) == pytest.approx(0.25)


def test_gaps_of_bins_do_not_cancel():
    confidence, is_right = np.array([0.9, 0.9, 0.1, 0.1]), np.array([True, False, True, False])
    assert expected_calibration_error(confidence, is_right) == pytest.approx(0.4)


def test_reliability_is_of_the_bins_that_hold_questions():
    low, high = find_reliability(np.array([0.5, 0.95, 1.0]), np.array([True, True, False]))
    assert low == pytest.approx((7 / 15, 1, 0.5, 1.0))
    assert high == pytest.approx((14 / 15, 2, 0.975, 0.5))


def test_risk_is_among_the_questions_at_least_as_confident():
    coverage, risk = find_risks(np.array([0.6, 0.9, 0.8, 0.7]), RIGHT)
    assert coverage.tolist() == [0.25, 0.5, 0.75, 1.0]
    assert risk == pytest.approx([0, 0, 1 / 3, 1 / 4])
    assert area_under_risks(np.array([0.6, 0.9, 0.8, 0.7]), RIGHT) == pytest.approx((1 / 3 + 1 / 4) / 4)


def test_equally_confident_questions_come_in_together_in_whatever_order():
    confidence = np.array([0.9, 0.5, 0.5, 0.5])
    for wrong in (1, 2, 3):
        assert area_under_risks(confidence, np.arange(4) != wrong) == pytest.approx(3 * 0.25 / 4)


def test_no_error_no_area_and_all_errors_all_of_it():
    confidence = np.linspace(0.5, 1, 7)
    assert area_under_risks(confidence, np.ones(7, dtype=bool)) == 0
    assert area_under_risks(confidence, np.zeros(7, dtype=bool)) == 1


def test_the_curve_ends_with_the_accuracy_on_all():
    rng = np.random.default_rng(0)
    confidence = rng.random(101)
    is_right = rng.random(101) < confidence
    points = sample_accuracies(confidence, is_right)
    assert len(points) == NUM_POINTS
    assert points[-1] == pytest.approx((1.0, is_right.mean()))
    assert points[0].coverage == pytest.approx(6 / 101)
    assert points[0].accuracy > points[-1].accuracy
