"""Labels that follow a question's noun, mended by what its opening asks.

A language model that labels questions goes by what they are about: "Are there any people?" is social to it, and "Are
there any forks?" spatial. What they ask of the eye stands in the opening, and an opening ends where many different
words may follow (Harris 1955, "From phoneme to morpheme"). Each of these words has one vote, the mean label of its
questions, so that no noun counts for more than another however often it is asked about. The shortest opening whose
votes agree decides for all of its questions, as in a decision list (Rivest 1987), if their labels cannot be right as
they are: one and the same question is labelled now so, now otherwise.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from molora.router.features import Floats

MIN_FOLLOWERS = 30
MIN_SHARE = 0.75
"""Of the votes, for the class that leads."""
MIN_CONTRADICTED = 0.02
"""Of the questions that are asked more than once: so many are labelled otherwise than most with the same words."""
MAX_WORDS = 5
_WORD = re.compile(r"\w+(?:['\u2019]\w+)*")

Words = tuple[str, ...]


def find_openings(texts: Sequence[str], targets: Floats) -> dict[Words, int]:
    """Those that decide, and the class they decide for; targets [len(texts), classes] name one class each."""
    wordings: dict[Words, Floats] = defaultdict(lambda: np.zeros(targets.shape[1], dtype=np.float32))
    for text, target in zip(texts, targets, strict=True):
        wordings[_split(text)] += target
    leaders = _vote(wordings)
    contradicted = _find_contradicted(wordings, leaders)
    return {opening: leaders[opening] for opening, share in contradicted.items() if share >= MIN_CONTRADICTED}


def decide(text: str, leaders: Mapping[Words, int]) -> int | None:
    """The class that the text's opening decides for; None where it has none that does."""
    opening = _find_shortest(_split(text), leaders)
    return None if opening is None else leaders[opening]


def _vote(wordings: Mapping[Words, Floats]) -> dict[Words, int]:
    """The openings whose followers agree, and the class they agree on."""
    votes: dict[Words, dict[str, Floats]] = defaultdict(dict)
    for words, labels in wordings.items():
        for length in range(1, min(len(words), MAX_WORDS + 1)):
            followers = votes[words[:length]]
            followers[words[length]] = followers.get(words[length], np.zeros_like(labels)) + labels
    shares = {opening: _share(list(words.values())) for opening, words in votes.items() if len(words) >= MIN_FOLLOWERS}
    return {opening: int(share.argmax()) for opening, share in shares.items() if share.max() >= MIN_SHARE}


def _share(votes: Sequence[Floats]) -> Floats:
    sums = np.stack(votes)
    shares: Floats = (sums / sums.sum(axis=1, keepdims=True)).mean(axis=0)
    return shares


def _find_contradicted(wordings: Mapping[Words, Floats], leaders: Mapping[Words, int]) -> dict[Words, float]:
    """By opening, the share of the questions asked more than once that contradict most of those with the same words."""
    repeated: dict[Words, list[Floats]] = defaultdict(list)
    for words, labels in wordings.items():
        opening = _find_shortest(words, leaders)
        if opening is not None and labels.sum() > 1:
            repeated[opening].append(labels)
    counts = {opening: np.stack(labels) for opening, labels in repeated.items()}
    return {opening: float(1 - count.max(axis=1).sum() / count.sum()) for opening, count in counts.items()}


def _split(text: str) -> Words:
    return tuple(_WORD.findall(text.lower()))


def _find_shortest(words: Words, leaders: Mapping[Words, int]) -> Words | None:
    openings = (words[:length] for length in range(1, min(len(words), MAX_WORDS) + 1))
    return next((opening for opening in openings if opening in leaders), None)
