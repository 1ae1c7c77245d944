import dataclasses
from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image

from molora.errors import ConfigError
from molora.router.features import Features
from molora.router.query import Query
from molora.router.scoring import Scorer
from tests.router.fakes import FakeEncoder, make_head

QUERIES = [Query(text) for text in ("who?", "where?", "why?")]


def test_a_reading_holds_the_heads_logits_and_a_vector_of_length_one():
    class Long(FakeEncoder):
        def encode(self, queries: Sequence[Query]) -> Features:
            features = super().encode(queries)
            return features._replace(text=5 * features.text)

    head = make_head()
    readings = Scorer(Long(), head).score(QUERIES)
    expected = head.logits(Long().encode(QUERIES), [query.text for query in QUERIES])
    np.testing.assert_array_equal([r.logits for r in readings], expected)
    np.testing.assert_allclose([r.vector for r in readings], FakeEncoder().encode(QUERIES).text)


def test_a_question_unlike_the_references_is_the_least_typical():
    head = make_head()
    weights = {**head.weights, "held": np.linspace(0.5, 1, 99, dtype=np.float32)}
    by_class, strange = Scorer(FakeEncoder(), dataclasses.replace(head, weights=weights)).score(
        [Query("who?"), Query("why?")]
    )
    assert (by_class.typicality, strange.typicality) == pytest.approx((1.0, 0.01))


def test_pictures_move_the_logits_of_a_head_that_looks_and_not_the_texts_vector():
    scorer = Scorer(FakeEncoder(looks=True), make_head(looks=True))
    red, green = (Query("why?", (Image.new("RGB", (8, 8), colour),)) for colour in ("#f00", "#0f0"))
    by_red, by_green, blind = scorer.score([red, green, Query("why?")])
    assert by_red.logits.argmax() == 0
    assert by_green.logits.argmax() == 1
    assert blind.logits[0] == blind.logits[1]
    assert (by_red.vector == blind.vector).all()


def test_a_remembered_reading_keeps_no_batch_alive():
    reading, _, _ = Scorer(FakeEncoder(), make_head()).score(QUERIES)
    assert reading.logits.base is None
    assert reading.vector.base is None


def test_a_head_of_another_encoder_is_refused():
    with pytest.raises(ConfigError, match="another encoder"):
        Scorer(FakeEncoder(digest="other"), make_head())


def test_readings_that_are_not_finite_are_an_error():
    head = make_head()
    weights = {**head.weights, "output.bias": np.full(2, np.inf, dtype=np.float32)}
    with pytest.raises(ValueError, match="finite"):
        Scorer(FakeEncoder(), dataclasses.replace(head, weights=weights)).score(QUERIES)
