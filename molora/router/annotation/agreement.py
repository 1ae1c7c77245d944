"""How far annotators agree on the same questions, and where they do not. Command: `molora router agreement`. Pure."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from sklearn.metrics import cohen_kappa_score

from molora.router.annotation.annotations import Question
from molora.router.training.data import Sample

Labels = Mapping[Question, str]
"""One annotator's, of what it labelled."""
WORD = re.compile(r"\w+(?:['\u2019]\w+)*")
NUM_WORDS = 2
NUM_WORDINGS = 12


@dataclass(frozen=True)
class Agreement:
    """Of two annotators on the `num` questions both labelled; `confusion[one's][the other's]` counts them.

    `kappa` (Cohen 1960) is agreement beyond chance: None where all labels are the same one.
    """

    num: int
    agreement: float
    kappa: float | None
    confusion: dict[str, dict[str, int]]


class Wording(NamedTuple):
    """Questions that begin alike: how many there are, how many are labelled differently, and the commonest such labels,
    in the annotators' order."""

    opening: str
    num: int
    num_disputed: int
    labels: tuple[str, ...]


def find_labels(samples: Iterable[Sample]) -> Labels:
    """The heaviest expert of each; equals are named together. Of a question that comes again the last counts."""
    labels = {}
    for sample in samples:
        heaviest = max(sample.targets.values())
        names = sorted(name for name, weight in sample.targets.items() if weight == heaviest)
        picture = sample.picture if isinstance(sample.picture, Path) else None
        labels[Question(sample.query.text, picture)] = "+".join(names)
    return labels


def compare(one: Labels, other: Labels) -> Agreement:
    """Of two annotators with at least one question in common."""
    shared = [(one[question], other[question]) for question in one if question in other]
    names = sorted({name for pair in shared for name in pair})
    counts = Counter(shared)
    ours, theirs = zip(*shared, strict=True)
    return Agreement(
        num=len(shared),
        agreement=sum(a == b for a, b in shared) / len(shared),
        kappa=float(cohen_kappa_score(ours, theirs)) if len(names) > 1 else None,
        confusion={name: {said: counts[name, said] for said in names} for name in names},
    )


def find_disputed(annotators: Sequence[Labels]) -> list[Wording]:
    """Of the questions all have labelled, the wordings most often labelled differently."""
    shared = [question for question in annotators[0] if all(question in labels for labels in annotators)]
    seen: defaultdict[str, Counter[tuple[str, ...]]] = defaultdict(Counter)
    for question in shared:
        seen[find_opening(question.text)][tuple(labels[question] for labels in annotators)] += 1
    wordings = [_tell(opening, counts) for opening, counts in seen.items()]
    disputed = [wording for wording in wordings if wording.num_disputed]
    return sorted(disputed, key=lambda wording: -wording.num_disputed)[:NUM_WORDINGS]


def _tell(opening: str, counts: Counter[tuple[str, ...]]) -> Wording:
    split = Counter({labels: num for labels, num in counts.items() if len(set(labels)) > 1})
    commonest = split.most_common(1)[0][0] if split else ()
    return Wording(opening, counts.total(), split.total(), commonest)


def find_opening(text: str) -> str:
    """A question's first words."""
    return " ".join(WORD.findall(text.casefold())[:NUM_WORDS])
