"""Examples made of texts and labels, without an encoder."""

from collections.abc import Mapping, Sequence

import numpy as np

from molora.router.query import Query
from molora.router.training.data import Sample
from molora.router.training.examples import Examples, make_examples
from tests.router.fakes import EXPERTS, FakeEncoder


def label(texts: Sequence[str], experts: Sequence[str | Mapping[str, float]]) -> Examples:
    """As the fake encoder reads them."""
    pairs = zip(texts, experts, strict=True)
    samples = [Sample(Query(text), {own: 1.0} if isinstance(own, str) else own) for text, own in pairs]
    return make_examples(samples, EXPERTS, FakeEncoder(), lambda *_: None)


def leaders(examples: Examples) -> list[str]:
    return [examples.classes[int(place)] for place in np.argmax(examples.targets, axis=1)]
