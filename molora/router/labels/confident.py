"""Labels that the other questions speak against: confident learning (Northcutt et al. 2021, arXiv:1911.00068)."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from molora.errors import ConfigError
from molora.router.features import Flags
from molora.router.head import Head
from molora.router.layers import softmax
from molora.router.training.examples import Examples

NUM_FOLDS = 5

Fit = Callable[[Examples, str], Head]
"""A head that has learnt from examples, in the stage of that name."""


def find_doubtful(examples: Examples, seed: int, fit: Fit) -> Flags:
    """[n]: whether a question of one expert is probably another's. Raises ConfigError where cleanlab is missing."""
    try:
        from cleanlab.filter import find_label_issues
    except ImportError:
        raise ConfigError("labels: confident learning needs cleanlab: pip install 'molora[train]'") from None
    probabilities = predict_out_of_fold(examples, seed, fit)
    alone = np.flatnonzero(examples.alone)
    doubtful = np.zeros(len(examples.texts), dtype=np.bool_)
    given = examples.targets[alone].argmax(axis=1)
    doubtful[alone] = find_label_issues(given, probabilities[alone], n_jobs=1)
    return doubtful


def predict_out_of_fold(examples: Examples, seed: int, fit: Fit) -> NDArray[np.float64]:
    """Probabilities [n, classes], each by a head that has seen no question of the same wording."""
    wordings = {text: place for place, text in enumerate(dict.fromkeys(examples.texts))}
    folds = np.random.default_rng(seed).permutation(len(wordings)) % NUM_FOLDS
    fold = folds[[wordings[text] for text in examples.texts]]
    probabilities = np.zeros(examples.targets.shape)
    for number in np.unique(fold):
        head = fit(examples.take(np.flatnonzero(fold != number)), f"fold-{number + 1}")
        part = examples.take(np.flatnonzero(fold == number))
        probabilities[fold == number] = softmax(head.logits(part.features, part.texts), 1.0)
    return probabilities
