import dataclasses
from collections.abc import Sequence

import numpy as np
import pytest

from molora.errors import ConfigError
from molora.router.head import Floats
from molora.router.scoring import Scorer
from tests.router.fakes import FakeEncoder, make_head


def test_a_reading_holds_the_heads_logits_and_a_vector_of_length_one():
    class Long(FakeEncoder):
        def encode(self, texts: Sequence[str]) -> Floats:
            return 5 * super().encode(texts)

    head, texts = make_head(), ["who?", "where?", "why?"]
    readings = Scorer(Long(), head).score(texts)
    np.testing.assert_array_equal([r.logits for r in readings], head.logits(Long().encode(texts), texts))
    np.testing.assert_allclose([r.vector for r in readings], FakeEncoder().encode(texts))


def test_a_remembered_reading_keeps_no_batch_alive():
    reading, _ = Scorer(FakeEncoder(), make_head()).score(["who?", "where?"])
    assert reading.logits.base is None
    assert reading.vector.base is None


def test_a_head_of_another_encoder_is_refused():
    with pytest.raises(ConfigError, match="another encoder"):
        Scorer(FakeEncoder(digest="other"), make_head())


def test_readings_that_are_not_finite_are_an_error():
    head = make_head()
    weights = {**head.weights, "output.bias": np.full(2, np.inf, dtype=np.float32)}
    with pytest.raises(ValueError, match="finite"):
        Scorer(FakeEncoder(), dataclasses.replace(head, weights=weights)).score(["who?"])
