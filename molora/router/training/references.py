"""What the head keeps of its training questions, so that an expert it was not trained on can be told from the others.

Of each class the centroids of its wordings (k-means on the sphere, Dhillon and Modha 2001). Then every class is left
out in turn and plays the newcomer with a handful of its questions: that shows from which score on a question is a
newcomer's. The others keep nearly all of theirs: losing them would be worse than a newcomer that waits for training.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from molora.router.features import Flags, Floats
from molora.router.layers import to_unit_length
from molora.router.newcomers import Newcomers
from molora.router.training.examples import Examples

NUM_REFERENCES = 512
"""Of all classes together."""
NUM_KNOWN = 1024
NUM_ROUNDS = 20
NUM_DRAWS = 8
NUM_EXAMPLES = 8
NUM_QUESTIONS = 1500
MAX_STOLEN = 0.005
UNKNOWN = (0.5, 0.05)
"""Level and scale where no question is another class's: half of the score that a newcomer's own text has."""


class References(NamedTuple):
    """`vectors` [classes, references, dim] have length 1; `level` and `scale` are those of `Head`."""

    vectors: Floats
    level: float
    scale: float


def learn_references(examples: Examples, seed: int) -> References:
    """Of examples of two classes or more, each of which has some of its own."""
    rng = np.random.default_rng(seed)
    rows, owners = _tell_wordings(examples)
    points = to_unit_length(examples.features.text[rows])
    num = max(NUM_REFERENCES // len(examples.classes), 1)
    references = np.stack([find_centroids(points[owned], num, rng) for owned in owners.T])
    scores, is_own = map(np.concatenate, zip(*_leave_out(references, points, owners, rng), strict=True))
    if is_own.all():  # the classes share all of their wordings: pictures tell them apart
        return References(references, *UNKNOWN)
    level = float(np.quantile(scores[~is_own], 1 - MAX_STOLEN))
    return References(references, level, fit_scale(scores, is_own))


def learn_known(examples: Examples, seed: int) -> Floats:
    """Centroids of all wordings, those of several classes too: [NUM_KNOWN, dim] of length 1."""
    rows = {text: row for row, text in enumerate(examples.texts)}
    points = to_unit_length(examples.features.text[list(rows.values())])
    return find_centroids(points, NUM_KNOWN, np.random.default_rng(seed))


def _tell_wordings(examples: Examples) -> tuple[list[int], Flags]:
    """A row of each wording, and the classes that it is labelled with, [wordings, classes]."""
    alone = np.flatnonzero(examples.sole)
    rows = {examples.texts[row]: int(row) for row in alone}
    places = {text: place for place, text in enumerate(rows)}
    owners = np.zeros((len(rows), len(examples.classes)), dtype=np.bool_)
    owners[[places[examples.texts[row]] for row in alone], examples.targets[alone].argmax(axis=1)] = True
    return list(rows.values()), owners


def find_centroids(points: Floats, num: int, rng: np.random.Generator) -> Floats:
    """[num, dim] of length 1; fewer points than that are repeated."""
    centroids = points[rng.choice(len(points), min(num, len(points)), replace=False)]
    for _ in range(NUM_ROUNDS):
        nearest = (points @ centroids.T).argmax(axis=1)
        sums = np.zeros_like(centroids)
        np.add.at(sums, nearest, points)
        lonely = np.bincount(nearest, minlength=len(centroids)) == 0
        sums[lonely] = centroids[lonely]
        centroids = to_unit_length(sums)
    return np.resize(centroids, (num, points.shape[1]))


def _leave_out(
    references: Floats, points: Floats, owners: Flags, rng: np.random.Generator
) -> Iterator[tuple[Floats, Flags]]:
    """Scores of questions for the class left out, and which are its own; those it was shown are not among them."""
    for left_out, owned in enumerate(owners.T):
        newcomers = Newcomers(np.concatenate(np.delete(references, left_out, axis=0)))
        for _ in range(NUM_DRAWS):
            own = rng.permutation(np.flatnonzero(owned))
            newcomers.set("", points[own[:NUM_EXAMPLES]])
            others = np.setdiff1d(np.arange(len(points)), own[:NUM_EXAMPLES])
            asked = rng.permutation(others)[:NUM_QUESTIONS]
            yield newcomers.scores(points[asked])[:, 0], owned[asked]


def fit_scale(scores: Floats, is_own: Flags) -> float:
    """That of the sigmoid((score - middle) / scale) with the least cross-entropy, wherever its middle."""
    signed, signs = np.where(is_own, -scores, scores), np.where(is_own, -1, 1).astype(np.float32)
    middles = np.quantile(scores, np.linspace(0.5, 1, 40)).astype(np.float32)
    candidates = [(scale, middle) for scale in np.geomspace(1e-3, 0.1, 40) for middle in middles]
    losses = [np.logaddexp(0, (signed - signs * middle) / scale).sum() for scale, middle in candidates]
    return float(candidates[int(np.argmin(losses))][0])
