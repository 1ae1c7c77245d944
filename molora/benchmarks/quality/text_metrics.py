"""How near an answer is to the truth as a text, from 0 to 1. What exact match does not tell apart, these do not either.

Each metric takes pairs of an answer and the truth, and gives a value for each.
"""

from collections.abc import Callable, Sequence

import numpy as np

from molora.benchmarks.metrics import normalise
from molora.compat import mend_torch_companions
from molora.router.distill.teacher import packaged_teacher

Pair = tuple[str, str]
Metric = Callable[[Sequence[Pair]], list[float]]

NEAR = 0.71
"""The cosine from which answers count as the same."""


def make_metrics() -> dict[str, Metric]:
    return {
        "BLEU-1": _on_words(bleu_1),
        "ROUGE-L": _on_words(rouge_l),
        "BERTScore-F1": _on_words(bert_score_f1),
        f"cosine > {NEAR}": _on_words(is_near),
    }


def score(metrics: dict[str, Metric], pairs: Sequence[Pair]) -> dict[Pair, dict[str, float]]:
    """Each pair once."""
    once = list(dict.fromkeys(pairs))
    columns = [metric(once) for metric in metrics.values()]
    return {pair: dict(zip(metrics, row, strict=True)) for pair, *row in zip(once, *columns, strict=True)}


def bleu_1(pairs: Sequence[Pair]) -> list[float]:
    """Papineni et al. 2002, unigrams of a single answer, with the brevity penalty."""
    from sacrebleu.metrics.bleu import BLEU

    bleu = BLEU(max_ngram_order=1, effective_order=True)
    return [min(bleu.sentence_score(answer, [truth]).score / 100, 1.0) for answer, truth in pairs]


def rouge_l(pairs: Sequence[Pair]) -> list[float]:
    """Lin 2004, F-measure of the longest common subsequence."""
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer(["rougeL"])
    return [float(scorer.score(truth, answer)["rougeL"].fmeasure) for answer, truth in pairs]


def bert_score_f1(pairs: Sequence[Pair]) -> list[float]:
    """Zhang et al. 2020, by the last layer of all-MiniLM-L6-v2, not rescaled."""
    mend_torch_companions()
    from bert_score import BERTScorer
    from transformers.utils import logging

    logging.disable_progress_bar()
    scorer = BERTScorer(model_type=str(packaged_teacher()), num_layers=6, device="cpu")
    answers, truths = zip(*pairs, strict=True)
    _, _, f1 = scorer.score(list(answers), list(truths))
    return [float(value) for value in f1]


def is_near(pairs: Sequence[Pair]) -> list[float]:
    """1 where the cosine of the sentences' embeddings, by all-MiniLM-L6-v2, is above NEAR."""
    mend_torch_companions()
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.disable_progress_bar()
    model = SentenceTransformer(str(packaged_teacher()), device="cpu", local_files_only=True)
    answers, truths = (model.encode(list(texts), normalize_embeddings=True) for texts in zip(*pairs, strict=True))
    return [float(value) for value in np.sum(answers * truths, axis=1) > NEAR]


def _on_words(metric: Metric) -> Metric:
    """The metric of normalised texts; 0 where the answer or the truth says nothing."""

    def measure(pairs: Sequence[Pair]) -> list[float]:
        clean = [(normalise(answer), normalise(truth)) for answer, truth in pairs]
        asked = list(dict.fromkeys(pair for pair in clean if all(pair)))
        values = dict(zip(asked, metric(asked) if asked else [], strict=True))
        return [values.get(pair, 0.0) for pair in clean]

    return measure
