import dataclasses

import numpy as np
import pytest

from molora.errors import ConfigError
from molora.router.scoring import Scorer
from tests.router.fakes import EXPERTS, FakeEncoder, make_head


def test_scores_come_in_the_order_of_the_experts():
    texts = ["who?", "where?"]
    scores = Scorer(FakeEncoder(), make_head(), EXPERTS).score(texts)
    swapped = Scorer(FakeEncoder(), make_head(), EXPERTS[::-1]).score(texts)
    assert scores.argmax(axis=1).tolist() == [1, 0]
    np.testing.assert_array_equal(swapped, scores[:, ::-1])


@pytest.mark.parametrize("experts", [("spatial",), ("spatial", "physical"), ("spatial", "social", "physical")])
def test_a_head_of_other_classes_is_refused(experts):
    with pytest.raises(ConfigError, match=r"router\.head.*spatial, social"):
        Scorer(FakeEncoder(), make_head(), experts)


def test_a_head_of_another_encoder_is_refused():
    with pytest.raises(ConfigError, match="another encoder"):
        Scorer(FakeEncoder(digest="other"), make_head(), EXPERTS)


def test_scores_that_are_not_finite_are_an_error():
    head = make_head()
    weights = {**head.weights, "output.bias": np.full(2, np.inf, dtype=np.float32)}
    with pytest.raises(ValueError, match="finite"):
        Scorer(FakeEncoder(), dataclasses.replace(head, weights=weights), EXPERTS).score(["who?"])
