from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from molora.errors import ConfigError
from molora.router.distill.teacher import packaged_teacher
from molora.router.encoders.sbert import PACKAGED, SbertEncoder
from molora.router.features import Floats
from molora.router.query import Query
from molora.router.training.data import draw_scene_questions
from tests.router.pairs import correlate_cosines


def read(encoder: SbertEncoder, *texts: str) -> Floats:
    return encoder.encode([Query(text) for text in texts]).text


def test_near_meanings_have_near_vectors_of_length_one(encoder: SbertEncoder):
    vectors = read(encoder, "How many dogs are there?", "Count the dogs.", "Is she angry?")
    assert vectors.shape == (3, 192)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.3


def test_a_vector_does_not_depend_on_its_batch(encoder: SbertEncoder):
    together = read(encoder, "Who?", "Where is the big red box in this picture of many boxes?", "")
    np.testing.assert_allclose(read(encoder, "Who?")[0], together[0], atol=1e-5)


def test_pictures_are_not_looked_at(encoder: SbertEncoder):
    features = encoder.encode([Query("Who?", (Image.new("RGB", (8, 8)),))])
    assert (features.image.shape, features.seen.tolist(), encoder.looks) == ((1, 0), [False], False)


def test_static_embeddings_are_quick_and_a_transformer_is_not(encoder: SbertEncoder):
    assert encoder.quick
    assert not SbertEncoder(packaged_teacher()).quick


def test_a_folder_without_a_model_is_named(tmp_path: Path):
    with pytest.raises(ConfigError, match=tmp_path.name):
        SbertEncoder(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"rubbish")
    with pytest.raises(ConfigError, match=tmp_path.name):
        SbertEncoder(tmp_path)


def test_the_packaged_encoder_is_small_and_finds_the_same_texts_near_as_its_teacher(encoder: SbertEncoder):
    assert sum(file.stat().st_size for file in PACKAGED.rglob("*")) < 8 * 2**20
    texts = [sample.query.text for sample in draw_scene_questions(8_000_000, 100)]
    given, taught = (read(one, *texts) for one in (encoder, SbertEncoder(packaged_teacher())))
    assert correlate_cosines(given, taught) > 0.98


def test_static_embeddings_are_an_encoder_too_and_their_weights_and_words_tell_them_apart(tmp_path: Path):
    first, second = make_static(tmp_path / "first", seed=0), make_static(tmp_path / "second", seed=1)
    encoder = SbertEncoder(first)
    assert read(encoder, "Who waves?", "").shape == (2, 8)
    assert SbertEncoder(first).digest == encoder.digest
    assert SbertEncoder(second).digest != encoder.digest
    tokenizer = first / "tokenizer.json"
    tokenizer.write_text(tokenizer.read_text() + "\n")
    assert SbertEncoder(first).digest != encoder.digest


def make_static(folder: Path, seed: int) -> Path:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import StaticEmbedding
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(PACKAGED / "tokenizer.json"))
    weights = np.random.default_rng(seed).normal(size=(tokenizer.get_vocab_size(), 8)).astype(np.float32)
    SentenceTransformer(modules=[StaticEmbedding(tokenizer, embedding_weights=weights)], device="cpu").save(str(folder))
    return folder
