import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from molora.errors import ConfigError
from molora.router.distill.distill import Distilled, count_shares, distill, find_components
from molora.router.distill.plan import Plan
from molora.router.distill.tokens import load_tokenizer
from molora.router.encoders.sbert import SbertEncoder
from molora.router.query import Query
from tests.router.distill.teachers import DIM, WORDS, make_teacher
from tests.router.pairs import correlate_cosines

PLAN = Plan(seed=3, width=8, hidden=16, pairs=2, made_up=50, epochs=40, batch=16, held_out=0.2)


def draw_texts(num: int) -> list[str]:
    rng = random.Random(0)
    return [" ".join(rng.choices(WORDS, k=rng.randint(2, 5))) for _ in range(num)]


def learn(folder: Path, plan: Plan, num: int = 120) -> Distilled:
    return distill(SbertEncoder(folder), folder, draw_texts(num), plan, lambda *_: None)


def test_a_student_learns_to_say_what_its_teacher_says(tmp_path: Path):
    folder = make_teacher(tmp_path)
    learnt = learn(folder, PLAN)
    assert learnt.num_held == 24
    assert learnt.cosine > 0.95
    assert learnt.cosine > learn(folder, replace(PLAN, epochs=1)).cosine + 0.01


@pytest.mark.parametrize(("dim", "num"), [(5, 5), (DIM, DIM), (99, DIM)])
def test_a_student_with_fewer_numbers_finds_the_same_texts_near(tmp_path: Path, dim: int, num: int):
    folder = make_teacher(tmp_path)
    learnt = learn(folder, replace(PLAN, dim=dim))
    given = learnt.student.encode(draw_texts(40))
    taught = SbertEncoder(folder).encode([Query(text) for text in draw_texts(40)]).text
    assert given.shape == (40, num)
    assert learnt.cosine > 0.85
    assert correlate_cosines(given, taught) > 0.9


def test_the_same_seed_makes_the_same_student(tmp_path: Path):
    folder = make_teacher(tmp_path)
    first, second, other = (learn(folder, replace(PLAN, seed=seed, epochs=2)).student for seed in (1, 1, 2))
    text = "where is the red cat?"
    assert np.array_equal(first.encode(text), second.encode(text))
    assert not np.array_equal(first.encode(text), other.encode(text))


def test_what_is_done_is_told(tmp_path: Path):
    folder, told = make_teacher(tmp_path), []
    distill(SbertEncoder(folder), folder, draw_texts(60), PLAN, lambda *step: told.append(step))
    assert list(dict.fromkeys(step[0] for step in told)) == ["teacher", "imitate"]
    stage, done, num, loss = told[-1]
    assert (stage, done == num, 0 <= loss < 1) == ("imitate", True, True)


def test_few_texts_are_refused(tmp_path: Path):
    folder = make_teacher(tmp_path)
    with pytest.raises(ConfigError, match="1 different texts"):
        distill(SbertEncoder(folder), folder, ["Where?"] * 100, PLAN, lambda *_: None)


def test_components_keep_the_most_of_the_vectors_products():
    vectors = np.zeros((3, DIM), dtype=np.float32)
    vectors[:, 2], vectors[:, 5] = (3, -2, 1), (0.1, 0.1, 0.1)
    assert np.abs(find_components(vectors)).argmax(axis=0)[:2].tolist() == [2, 5]


def test_tokens_are_counted(tmp_path: Path):
    tokenizer = load_tokenizer(make_teacher(tmp_path), [])
    shares = count_shares(tokenizer, ["cat cat", "red cat"])
    assert shares[tokenizer.token_to_id("cat")] == pytest.approx(0.75)
    assert shares.sum() == pytest.approx(1)
