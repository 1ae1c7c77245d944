import sys

import numpy as np
import pytest

from molora.errors import ConfigError
from molora.router.head import Head
from molora.router.labels.confident import find_doubtful, predict_out_of_fold
from molora.router.training.examples import Examples
from tests.router.fakes import make_head
from tests.router.labelled import label

TEXTS = [f"{'who' if i % 2 else 'where'} is {i}?" for i in range(60)]
WRONG = [4, 17, 30]
EXAMPLES = label(TEXTS, [("spatial", "social")[i % 2 != (i in WRONG)] for i in range(60)])


def test_a_question_is_judged_by_a_head_that_has_not_seen_its_wording():
    learnt: list[Examples] = []

    def fit(examples: Examples, _: str) -> Head:
        learnt.append(examples)
        return make_head()

    twice = EXAMPLES.take(np.repeat(np.arange(60), 2))
    probabilities = predict_out_of_fold(twice, 0, fit)
    assert len(learnt) == 5
    for part in learnt:
        left_out = set(twice.texts) - set(part.texts)
        assert len(part.texts) + 2 * len(left_out) == 120
    assert ((probabilities[:, 1] > 0.5) == np.repeat(np.arange(60) % 2 == 1, 2)).all()


def test_labels_that_the_others_speak_against_are_doubtful():
    doubtful = find_doubtful(EXAMPLES, 0, lambda *_: make_head())
    assert np.flatnonzero(doubtful).tolist() == WRONG


def test_questions_of_several_experts_are_never_doubtful():
    targets = EXAMPLES.targets.copy()
    targets[WRONG] = [0.6, 0.4]
    assert not find_doubtful(EXAMPLES._replace(targets=targets), 0, lambda *_: make_head()).any()


def test_a_missing_cleanlab_is_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "cleanlab.filter", None)
    with pytest.raises(ConfigError, match="cleanlab"):
        find_doubtful(EXAMPLES, 0, lambda *_: make_head())
