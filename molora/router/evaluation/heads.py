"""Heads measured side by side: each evaluated, ablated and held against foreign questions, on the same questions."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from molora.config import EncoderConfig
from molora.router.encoders import CHUNK, OnChunk, build_encoder
from molora.router.evaluation.ablation import Ablation, ablate
from molora.router.evaluation.evaluate import Evaluation, evaluate, make_case
from molora.router.evaluation.foreign import Foreign, judge
from molora.router.evaluation.gate_spread import EDGES
from molora.router.evaluation.mixtures import Rights
from molora.router.evaluation.naming import name_files
from molora.router.head import load_head
from molora.router.scoring import Scorer
from molora.router.training.data import Sample
from molora.router.training.examples import Examples, make_examples

OnStep = Callable[[str, int, int], None]
"""Told what is done, how much of it, and how much there is."""
ReadSamples = Callable[[Sequence[str], bool], Sequence[Sample]]
"""The labelled questions for the classes of a head, and whether its encoder looks at pictures."""


class Candidate(NamedTuple):
    """A head's file and the encoder it was trained on."""

    path: Path
    encoder: EncoderConfig


class Strangers(NamedTuple):
    """Questions that belong to nobody, and the policy's rate of false alarms."""

    samples: Sequence[Sample]
    rate: float


@dataclass(frozen=True)
class Measured:
    """What a head got; `foreign` is None where it was not asked about strangers, `rights` where nobody answered."""

    name: str
    evaluation: Evaluation
    ablations: dict[str, Ablation]
    foreign: Foreign | None
    rights: Rights | None = None

    def rows(self) -> Iterator[tuple[str, Ablation, Rights | None]]:
        """Of a table of ablations; answers are of the whole question, which comes first."""
        for place, (part, ablation) in enumerate(self.ablations.items()):
            yield part, ablation, None if place else self.rights

    def to_dict(self) -> dict[str, Any]:
        """Everything, curves too."""
        evaluation = self.evaluation
        gates = {mode: {"edges": EDGES.tolist(), **spread._asdict()} for mode, spread in evaluation.gates.items()}
        return {
            "head": self.name,
            "report": evaluation.report.to_dict(),
            "reliability": [one._asdict() for one in evaluation.reliability],
            "risk_coverage": [point._asdict() for point in evaluation.risk_coverage],
            "gates": gates,
            "ablations": {part: one.to_dict() for part, one in self.ablations.items()},
            "foreign": self.foreign and asdict(self.foreign),
            "rights": self.rights,
        }


def measure_heads(
    candidates: Sequence[Candidate], read: ReadSamples, strangers: Strangers | None, on_step: OnStep
) -> list[Measured]:
    """Heads with the same experts and encoder share what is read and encoded. Raises ConfigError."""
    names = name_files([candidate.path for candidate in candidates])
    open_encoder = cache(build_encoder)

    @cache
    def encode(section: EncoderConfig, classes: tuple[str, ...]) -> tuple[Sequence[Sample], Examples]:
        encoder = open_encoder(section)
        samples = read(classes, encoder.looks)
        return samples, make_examples(samples, classes, encoder, lambda done, num: on_step("encoding", done, num))

    measured = []
    for name, (path, section) in zip(names, candidates, strict=True):
        scorer = Scorer(open_encoder(section), load_head(path))
        samples, examples = encode(section, scorer.head.classes)
        case = make_case(scorer.head, examples)
        foreign = strangers and _judge(scorer, strangers, samples, on_step)
        measured.append(Measured(name, evaluate(case), ablate(case), foreign))
    return measured


def _judge(scorer: Scorer, strangers: Strangers, own: Sequence[Sample], on_step: OnStep) -> Foreign:
    foreign = find_typicality(scorer, strangers.samples, lambda done, num: on_step("strangers", done, num))
    known = find_typicality(scorer, own, lambda done, num: on_step("own questions", done, num))
    return judge(foreign, known, strangers.rate)


def find_typicality(scorer: Scorer, samples: Sequence[Sample], on_chunk: OnChunk) -> NDArray[np.float64]:
    """[len(samples)], as served. Pictures are opened few at a time."""
    found: list[float] = []
    for start in range(0, len(samples), CHUNK):
        chunk = samples[start : start + CHUNK]
        queries = [sample.load() if scorer.looks else sample.query for sample in chunk]
        found += [reading.typicality for reading in scorer.score(queries)]
        on_chunk(len(found), len(samples))
    return np.array(found)
