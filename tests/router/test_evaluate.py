import numpy as np
import pytest

from molora.router.data import Sample
from molora.router.evaluate import evaluate, expected_calibration_error, measure
from tests.router.fakes import FakeEncoder, make_head


def test_figures_of_four_questions():
    probabilities = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.3, 0.7]])
    report = measure(probabilities, np.array([0, 1, 1, 1]), ("a", "b"))
    assert (report.num, report.accuracy) == (4, 0.75)
    assert report.confusion == {"a": {"a": 1, "b": 0}, "b": {"a": 1, "b": 2}}
    assert report.recall == pytest.approx({"a": 1.0, "b": 2 / 3})
    assert report.nll == pytest.approx(-np.log([0.9, 0.4, 0.8, 0.7]).mean())


def test_calibration_error_is_nil_when_confidence_is_kept_and_the_gap_when_not():
    right = np.array([True, True, True, False])
    assert expected_calibration_error(np.full(4, 0.75), right) == pytest.approx(0)
    assert expected_calibration_error(np.full(4, 1.0), right) == pytest.approx(0.25)


def test_each_wording_is_encoded_once():
    encoder = FakeEncoder()
    samples = [Sample("who?", ("social",)), Sample("where?", ("spatial",)), Sample("who?", ("social",))]
    assert evaluate(make_head(), encoder, samples).accuracy == 1.0
    assert encoder.batches == [["who?", "where?"]]
