from pathlib import Path

import numpy as np

from molora.router.distill.plan import Plan
from molora.router.distill.student import make_student, pack_rows, save_student
from molora.router.distill.tokens import load_tokenizer
from molora.router.encoders.sbert import SbertEncoder
from molora.router.features import Floats
from molora.router.query import Query
from tests.router.distill.teachers import make_teacher

TEXTS = ["Where is the red ball?", "how many dogs", ""]


def draw_rows(num: int, width: int) -> Floats:
    return np.random.default_rng(1).normal(size=(num, width)).astype(np.float32)


def test_rows_take_a_byte_a_number_and_zeros_nothing():
    rows = draw_rows(6, 5) * np.array([1, 0, 1e-3, 1, 0, 100], dtype=np.float32)[:, None]
    packed = pack_rows(rows)
    assert packed.embeddings.shape == (4, 5)
    assert packed.embeddings.dtype == np.int8
    unpacked = packed.embeddings[packed.mapping] * packed.weights[:, None]
    np.testing.assert_allclose(unpacked, rows, atol=np.abs(rows).max(axis=1).max() / 200)
    np.testing.assert_allclose(unpacked[2], rows[2], atol=1e-5)


def test_a_saved_student_is_an_encoder_with_nearly_the_same_vectors_of_length_one(tmp_path: Path):
    tokenizer = load_tokenizer(make_teacher(tmp_path / "teacher"), ["how many"])
    student = make_student(tokenizer, draw_rows(tokenizer.get_vocab_size(), 6), Plan(hidden=16), dim=8).eval()
    save_student(student, tmp_path / "student")
    read = SbertEncoder(tmp_path / "student").encode([Query(text) for text in TEXTS]).text
    np.testing.assert_allclose(read, student.encode(TEXTS), atol=0.02)
    np.testing.assert_allclose(np.linalg.norm(read, axis=1), 1, atol=1e-5)
