"""Which text metrics a data set is measured by, and their values."""

from collections.abc import Sequence

from molora.benchmarks.quality.answer import Answer
from molora.benchmarks.quality.text_metrics import Pair, make_metrics, score
from molora.benchmarks.quality.wups import make_wups, open_similarity

NO_WORDNET = "WUPS is left out: nltk finds no WordNet (python -m nltk.downloader wordnet; NLTK_DATA names its folder)."


def measure_texts(answers: Sequence[Answer], data: str) -> tuple[dict[Pair, dict[str, float]], list[str]]:
    """By pair of an answer and the truth, and what a reader must know. DAQUAR alone is measured by WUPS."""
    pairs, metrics = [(a.answer, a.truth) for a in answers], make_metrics()
    if data != "daquar":
        return score(metrics, pairs), []
    with open_similarity() as similarity:
        wups = make_wups(similarity) if similarity else {}
        return score(metrics | wups, pairs), [] if wups else [NO_WORDNET]
