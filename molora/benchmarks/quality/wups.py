"""WUPS (Malinowski and Fritz 2014): answers are sets of nouns, and near ones by WordNet count nearly as much.

The WordNet of nltk, which finds its data by itself or where NLTK_DATA says: `python -m nltk.downloader wordnet`.
"""

import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache, partial
from typing import Any

from molora.benchmarks.metrics import split_list
from molora.benchmarks.quality.text_metrics import Metric, Pair

THRESHOLDS = (0.9, 0.0)
FAR = 0.1
"""What a similarity below the threshold is multiplied by."""
Similarity = Callable[[str, str], float]


def make_wups(similarity: Similarity) -> dict[str, Metric]:
    return {f"WUPS@{threshold}": partial(_wups, similarity, threshold) for threshold in THRESHOLDS}


def _wups(similarity: Similarity, threshold: float, pairs: Sequence[Pair]) -> list[float]:
    return [wups(split_list(answer), split_list(truth), similarity, threshold) for answer, truth in pairs]


def wups(answers: Sequence[str], truths: Sequence[str], similarity: Similarity, threshold: float) -> float:
    """Of one question; 0 where either says nothing."""
    if not answers or not truths:
        return 0.0

    def nearness(a: str, b: str) -> float:
        value = similarity(a, b)
        return value if value >= threshold else FAR * value

    ours = math.prod(max(nearness(a, t) for t in truths) for a in answers)
    theirs = math.prod(max(nearness(a, t) for a in answers) for t in truths)
    return min(ours, theirs)


@contextmanager
def open_similarity() -> Iterator[Similarity | None]:
    """Of Wu and Palmer (1994), the best of two nouns' senses; 0 for what is no noun, 1 for the same text. None without
    WordNet's data."""
    with _open_wordnet() as wordnet:
        yield _similarity(wordnet) if wordnet else None


def _similarity(wordnet: Any) -> Similarity:
    senses = cache(lambda noun: wordnet.synsets(noun.replace(" ", "_"), "n"))

    @cache
    def similarity(a: str, b: str) -> float:
        if a == b:
            return 1.0
        return max((one.wup_similarity(other) or 0.0 for one in senses(a) for other in senses(b)), default=0.0)

    return similarity


@contextmanager
def _open_wordnet() -> Iterator[Any]:
    """None without its data. Its files, which nltk leaves open, are closed at the end."""
    from nltk.corpus.reader.wordnet import WordNetCorpusReader
    from nltk.corpus.util import LazyCorpusLoader

    with ExitStack() as files:

        class Closing(WordNetCorpusReader):
            def open(self, file: str) -> Any:
                return files.enter_context(super().open(file))

        wordnet: Any = LazyCorpusLoader("wordnet", Closing, None)
        try:
            with warnings.catch_warnings(action="ignore"):  # it has no other languages
                wordnet.ensure_loaded()
        except LookupError:
            wordnet = None
        yield wordnet
