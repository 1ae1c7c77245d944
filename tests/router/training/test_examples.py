from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from molora.router.encoders.fit import fit_size
from molora.router.features import Features
from molora.router.query import Query
from molora.router.training import examples as module
from molora.router.training.data import Sample
from molora.router.training.examples import encode_samples
from tests.router.fakes import FakeEncoder
from tests.router.labelled import label


@pytest.fixture
def pictured(tmp_path: Path) -> list[Sample]:
    for colour in ("red", "lime"):
        Image.new("RGB", (8, 8), colour).save(tmp_path / f"{colour}.png")
    paths = [tmp_path / "red.png", tmp_path / "lime.png", tmp_path / "red.png", None]
    return [Sample(Query("who?"), {"social": 1.0}, path) for path in paths]


def test_pictures_are_opened_a_chunk_at_a_time(pictured: list[Sample], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "CHUNK", 2)
    told: list[tuple[int, int]] = []
    features = encode_samples(FakeEncoder(looks=True), pictured, lambda *done: told.append(done))
    np.testing.assert_array_equal(features.image, [[1, 0, 0], [0, 1, 0], [1, 0, 0], [0, 0, 0]])
    assert features.seen.tolist() == [True, True, True, False]
    assert told == [(2, 4), (4, 4)]


def test_large_pictures_are_shrunk_as_they_are_opened(tmp_path: Path):
    sizes: list[tuple[int, int]] = []

    class Measuring(FakeEncoder):
        def encode(self, queries: Sequence[Query]) -> Features:
            sizes.extend(picture.size for query in queries for picture in query.images)
            return super().encode(queries)

    Image.new("RGB", (1000, 500)).save(tmp_path / "wide.png")
    encode_samples(Measuring(looks=True), [Sample(Query("who?"), {"social": 1.0}, tmp_path / "wide.png")])
    assert sizes == [fit_size(1000, 500)]


def test_an_encoder_that_does_not_look_gets_no_picture(pictured: list[Sample]):
    (Path(str(pictured[0].picture))).unlink()
    encoder = FakeEncoder()
    assert encode_samples(encoder, pictured).image.shape == (4, 0)
    assert encoder.batches == [["who?"]]


def test_examples_taken_keep_what_belongs_together():
    examples = label(["who?", "where?", "why?"], ["social", "spatial", {"social": 0.5, "spatial": 0.5}])
    taken = examples.take(np.array([2, 0]))
    assert taken.texts == ("why?", "who?")
    np.testing.assert_array_equal(taken.features.text, [[0, 0, 1], [0, 1, 0]])
    np.testing.assert_array_equal(taken.targets, [[0.5, 0.5], [0, 1]])
    assert examples.sole.tolist() == [True, True, False]


def test_the_digest_is_of_texts_targets_and_features():
    examples = label(["who?", "where?"], ["social", "spatial"])
    assert examples.digest() == label(["who?", "where?"], ["social", "spatial"]).digest()
    others = [
        label(["who?", "where? "], ["social", "spatial"]),
        label(["who?", "where?"], ["social", "social"]),
        examples._replace(features=examples.features._replace(text=examples.features.text * 2)),
    ]
    assert examples.digest() not in {other.digest() for other in others}
