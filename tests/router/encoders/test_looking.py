from collections.abc import Sequence

import numpy as np
from PIL import Image

from molora.router.encoders.looking import BATCH, LookingEncoder
from molora.router.features import Floats
from molora.router.query import Query
from tests.router.fakes import FakeEncoder

RED, GREEN = (Image.new("RGB", (32, 32), colour) for colour in ("#ff0000", "#00ff00"))


class FakeEye:
    """Sees the mean colour, and keeps the sizes of all it was shown."""

    digest = "eye"

    def __init__(self) -> None:
        self.shown: list[list[tuple[int, int]]] = []

    def look(self, pictures: Sequence[Image.Image]) -> Floats:
        self.shown.append([picture.size for picture in pictures])
        return np.stack([np.asarray(picture, dtype=np.float32).mean(axis=(0, 1)) / 255 for picture in pictures])


def test_text_and_picture_stand_side_by_side_and_a_query_without_one_has_zeros():
    features = LookingEncoder(FakeEncoder(), FakeEye()).encode([Query("who?", (RED,)), Query("why?")])
    assert features.text.tolist() == [[0, 1, 0], [0, 0, 1]]
    assert features.image.tolist() == [[1, 0, 0], [0, 0, 0]]
    assert features.seen.tolist() == [True, False]


def test_nobody_has_a_picture():
    features = LookingEncoder(FakeEncoder(), FakeEye()).encode([Query("who?"), Query("")])
    assert (features.image.tolist(), features.seen.tolist()) == ([[0, 0, 0]] * 2, [False, False])


def test_several_pictures_count_as_their_mean():
    features = LookingEncoder(FakeEncoder(), FakeEye()).encode([Query("who?", (RED, GREEN))])
    assert features.image.tolist() == [[0.5, 0.5, 0]]


def test_a_picture_that_several_show_is_looked_at_once():
    eye = FakeEye()
    encoder = LookingEncoder(FakeEncoder(), eye)
    eye.shown.clear()
    features = encoder.encode([Query("who?", (RED,)), Query("why?", (RED.copy(), GREEN))])
    assert eye.shown == [[RED.size, GREEN.size]]
    assert features.image.tolist() == [[1, 0, 0], [0.5, 0.5, 0]]


def test_a_text_that_is_asked_of_several_pictures_is_read_once():
    text = FakeEncoder()
    features = LookingEncoder(text, FakeEye()).encode([Query("who?", (RED,)), Query("who?", (GREEN,)), Query("why?")])
    assert text.batches == [["who?", "why?"]]
    assert features.text.tolist() == [[0, 1, 0], [0, 1, 0], [0, 0, 1]]


def test_many_pictures_are_looked_at_a_few_at_a_time_and_large_ones_small():
    eye = FakeEye()
    encoder = LookingEncoder(FakeEncoder(), eye)
    eye.shown.clear()
    pictures = [Image.new("RGB", (1000, 1000), (level, 0, 0)) for level in range(BATCH + 1)]
    encoder.encode([Query("", (picture,)) for picture in pictures])
    assert eye.shown == [[(448, 448)] * BATCH, [(448, 448)]]


def test_the_digest_is_of_the_text_side_and_of_the_picture_side():
    other_eye = FakeEye()
    other_eye.digest = "other"
    encoders = [
        LookingEncoder(FakeEncoder(), FakeEye()),
        LookingEncoder(FakeEncoder(digest="other"), FakeEye()),
        LookingEncoder(FakeEncoder(), other_eye),
    ]
    assert len({encoder.digest for encoder in encoders}) == 3
