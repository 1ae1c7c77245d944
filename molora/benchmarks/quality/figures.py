"""What the answers say, as figures with their intervals, computed purely from the record."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from molora.benchmarks.intervals import Estimate
from molora.benchmarks.quality import means
from molora.benchmarks.quality.answer import ALL, TWO, Answer, by_arm, by_column
from molora.benchmarks.quality.arms import BASE, ROUTED, SOFT, TOP1, TOP2, TWICE, UNIFORM
from molora.benchmarks.quality.text_metrics import Pair
from molora.benchmarks.results import Figure

EXACT, TEXTS, ROUTING, CHOICE = "exact match", "text metrics", "routing accuracy", "largest gate"
GAIN = "exact match, less top1's"
Better = Literal["higher", "neither"]
ARITHMETIC, HARMONIC = "mean of types", "harmonic mean"


def figure(
    answers: Sequence[Answer], scores: Mapping[Pair, Mapping[str, float]], experts: Sequence[str]
) -> list[Figure]:
    """`scores` of each pair of an answer and its truth, by name of the metric."""
    routed = [*routing(answers, experts), *choices(answers, experts)]
    return [*exact_match(answers), *texts(answers, scores), *routed, *gains(answers)]


def exact_match(answers: Sequence[Answer]) -> Iterator[Figure]:
    """By type, and where there are several their means (TDIUC's MPT, Kafle and Kanan 2017)."""
    for arm, asked in by_arm(answers).items():
        columns = {column: [float(a.right) for a in ones] for column, ones in by_column(asked).items()}
        for column, marks in columns.items():
            yield _make(EXACT, arm, column, means.mean(marks))
        types = [marks for column, marks in columns.items() if column not in (ALL, TWO)]
        if len(types) > 1:
            yield _make(EXACT, arm, ARITHMETIC, means.arithmetic_mean(types))
            yield _make(EXACT, arm, HARMONIC, means.harmonic_mean(types))


def texts(answers: Sequence[Answer], scores: Mapping[Pair, Mapping[str, float]]) -> Iterator[Figure]:
    """Over all questions, of one type or two."""
    for arm, asked in by_arm(answers).items():
        yield _make(TEXTS, arm, EXACT, means.mean([float(a.right) for a in asked]))
        found = [scores[a.answer, a.truth] for a in asked]
        for metric in found[0]:
            yield _make(TEXTS, arm, metric, means.mean([one[metric] for one in found]))


def routing(answers: Sequence[Answer], experts: Sequence[str]) -> Iterator[Figure]:
    """How often the largest gate was of one of the question's types; of questions whose first type has an expert."""
    known = [a for a in answers if a.arm in ROUTED and set(a.kinds[:1]) & set(experts)]
    for arm, asked in by_arm(known).items():
        for column, ones in by_column(asked).items():
            yield _make(ROUTING, arm, column, means.mean([float(a.expert in a.kinds) for a in ones]))


def choices(answers: Sequence[Answer], experts: Sequence[str]) -> Iterator[Figure]:
    """How many of all questions went to whom; `base` has those that the router left to the backbone."""
    for arm, asked in by_arm(a for a in answers if a.arm in ROUTED).items():
        for name in (*experts, BASE):
            yield _make(CHOICE, arm, name, means.mean([float(a.expert == name) for a in asked]), "neither")


def gains(answers: Sequence[Answer]) -> Iterator[Figure]:
    """What each way to combine experts gets right more than `top1`, question by question."""
    arms = by_arm(answers)
    for arm in (TOP2, SOFT, UNIFORM, TWICE):
        right = {a.index: a.right for a in arms.get(arm, ())}
        for column, ones in by_column([a for a in arms.get(TOP1, ()) if a.index in right]).items():
            yield _make(GAIN, arm, column, means.mean([float(right[a.index]) - float(a.right) for a in ones]))


def _make(group: str, row: str, column: str, found: Estimate, better: Better = "higher") -> Figure:
    place = {"group": group, "row": row, "column": column}
    return Figure(**place, value=found.value, low=found.low, high=found.high, better=better)
