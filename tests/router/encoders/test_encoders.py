from PIL import Image

from molora.config import EncoderConfig
from molora.router.encoders import CHUNK, build_encoder, encode_once
from molora.router.encoders.sbert import SbertEncoder
from molora.router.query import Query
from tests.router.encoders.models import DEMO
from tests.router.fakes import FakeEncoder

RED, GREEN = (Image.new("RGB", (32, 32), colour) for colour in ("#ff0000", "#00ff00"))


def test_the_default_is_the_packaged_text_encoder(encoder: SbertEncoder):
    built = build_encoder(EncoderConfig())
    assert (built.digest, built.looks) == (encoder.digest, False)


def test_each_kind_has_a_digest_of_its_own(encoder: SbertEncoder):
    sections = [
        EncoderConfig(kind="sbert+image", image=DEMO),
        EncoderConfig(kind="backbone", backbone=DEMO),
        EncoderConfig(kind="backbone", backbone=DEMO, layer=2),
    ]
    built = [build_encoder(section) for section in sections]
    assert all(one.looks for one in built)
    assert len({encoder.digest, *(one.digest for one in built)}) == 4


def test_equal_queries_are_encoded_once_and_each_gets_its_features():
    encoder = FakeEncoder(looks=True)
    queries = [Query("who?", (RED,)), Query("why?"), Query("who?", (GREEN,)), Query("who?", (RED.copy(),))]
    features = encode_once(encoder, queries)
    assert encoder.batches == [["who?", "why?", "who?"]]
    assert features.text.tolist() == [[0, 1, 0], [0, 0, 1], [0, 1, 0], [0, 1, 0]]
    assert features.image.tolist() == [[1, 0, 0], [0, 0, 0], [0, 1, 0], [1, 0, 0]]
    assert features.seen.tolist() == [True, False, True, True]


def test_to_an_encoder_that_does_not_look_other_pictures_make_no_other_query():
    encoder = FakeEncoder()
    encode_once(encoder, [Query("who?", (RED,)), Query("who?", (GREEN,)), Query("who?")])
    assert encoder.batches == [["who?"]]


def test_many_are_encoded_in_chunks_and_told_of():
    encoder, told = FakeEncoder(), []
    features = encode_once(encoder, [Query(str(i)) for i in range(CHUNK + 1)], lambda *step: told.append(step))
    assert [len(batch) for batch in encoder.batches] == [CHUNK, 1]
    assert told == [(CHUNK, CHUNK + 1), (CHUNK + 1, CHUNK + 1)]
    assert len(features.text) == CHUNK + 1
