"""Whether two encoders find the same texts near."""

import numpy as np

from molora.router.features import Floats
from molora.router.layers import to_unit_length


def correlate_cosines(given: Floats, taught: Floats) -> float:
    """Of the cosines of every pair of texts, by vectors [n, any] of one encoder and of another."""
    return float(np.corrcoef(_find_cosines(given), _find_cosines(taught))[0, 1])


def _find_cosines(vectors: Floats) -> Floats:
    """[n * (n - 1) / 2]."""
    units = to_unit_length(vectors)
    return (units @ units.T)[np.triu_indices(len(units), 1)]
