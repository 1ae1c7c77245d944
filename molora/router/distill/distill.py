"""Texts -> what a teacher makes of them -> a student that makes the same of them."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from molora.errors import ConfigError
from molora.router.distill.imitate import compare, imitate
from molora.router.distill.plan import Plan
from molora.router.distill.student import make_student
from molora.router.distill.texts import find_pairs, make_questions
from molora.router.distill.tokens import load_tokenizer, pick_words, spell
from molora.router.encoders import Encoder, encode_once
from molora.router.features import Floats
from molora.router.layers import to_unit_length
from molora.router.query import Query

OnStep = Callable[[str, int, int, float | None], None]
"""Told the stage, the steps done, the steps in all, and the loss where there is one."""

MIN_TEXTS = 50
COMMON = 1e-3
"""Share of all tokens at which one begins with half its vector (Arora et al. 2017)."""


@dataclass(frozen=True)
class Distilled:
    """`student` is a SentenceTransformer; `cosine` is the mean of its vectors with the teacher's, over `num_held` texts
    that it did not learn from, in the teacher's principal components and against the whole of the teacher's length."""

    student: Any
    num_learnt: int
    num_held: int
    cosine: float


def distill(teacher: Encoder, folder: Path, texts: Sequence[str], plan: Plan, on_step: OnStep) -> Distilled:
    """`folder` is the teacher's. A text that is repeated counts as often. Raises ConfigError."""
    held, learnt = _hold_out(texts, plan)
    tokenizer = load_tokenizer(folder, find_pairs(learnt, plan.pairs))
    spelled = spell(tokenizer, texts)
    alone = [text for text in spelled if text]
    made_up = make_questions(learnt, pick_words(spelled), plan.made_up, random.Random(plan.seed))
    lessons = [*learnt, *made_up, *alone]
    vectors, of_held = np.split(_ask(teacher, [*lessons, *held], on_step), [len(lessons)])
    components = find_components(vectors)
    to_width, to_dim = components[:, : plan.width], components[:, : plan.dim]
    rows = np.zeros((len(spelled), to_width.shape[1]), dtype=np.float32)
    rows[[bool(text) for text in spelled]] = vectors[-len(alone) :] @ to_width
    rows /= 1 + count_shares(tokenizer, learnt)[:, None] / COMMON
    student = make_student(tokenizer, rows, plan, to_dim.shape[1])
    imitate(student, lessons, vectors @ to_dim, plan, lambda step, steps, loss: on_step("imitate", step, steps, loss))
    return Distilled(student, len(lessons), len(held), compare(student, held, of_held @ to_dim))


def _hold_out(texts: Sequence[str], plan: Plan) -> tuple[list[str], list[str]]:
    """Some wordings, and the texts of all others."""
    wordings = list(dict.fromkeys(texts))
    if len(wordings) < MIN_TEXTS:
        raise ConfigError(f"{len(wordings)} different texts: at least {MIN_TEXTS} are needed")
    held = random.Random(plan.seed).sample(wordings, max(round(plan.held_out * len(wordings)), 1))
    learnt = set(wordings) - set(held)
    return held, [text for text in texts if text in learnt]


def _ask(teacher: Encoder, texts: Sequence[str], on_step: OnStep) -> Floats:
    """[len(texts), dim] of length 1."""
    queries = [Query(text) for text in texts]
    return to_unit_length(encode_once(teacher, queries, lambda done, num: on_step("teacher", done, num, None)).text)


def find_components(vectors: Floats) -> Floats:
    """[dim, dim]: the first n columns keep what n numbers can of the products of these vectors, [any, dim]."""
    _, components = np.linalg.eigh(vectors.T @ vectors)
    return np.ascontiguousarray(components[:, ::-1])


def count_shares(tokenizer: Any, texts: Sequence[str]) -> Floats:
    """Of each token among those of the texts, [tokens]."""
    counts = np.zeros(tokenizer.get_vocab_size(), dtype=np.float32)
    for encoding in tokenizer.encode_batch(list(texts), add_special_tokens=False):
        np.add.at(counts, encoding.ids, 1)
    shares: Floats = counts / counts.sum()
    return shares
