"""How much a question is like those that the head was trained on.

Its nearness is its largest cosine with what is known, centroids of all training questions. Its typicality is a
conformal p-value (Vovk et al. 2005, section 2.2): among questions like the held-out ones no more than a share of p has
a typicality of p or less, whatever the encoder. Few held-out questions call nothing strange: of n the least typicality
is 1 / (n + 1).
"""

import numpy as np

from molora.router.features import Floats
from molora.router.layers import largest_products

MAX_HELD = 1023


def nearness(vectors: Floats, known: Floats) -> Floats:
    """[n], of vectors [n, dim] among known ones [any, dim], all of length 1."""
    return largest_products(vectors, known)


def keep_quantiles(held: Floats) -> Floats:
    """Of the nearness of held-out questions: all of them in ascending order, or as many quantiles as are enough."""
    return np.quantile(held, np.linspace(0, 1, min(len(held), MAX_HELD))).astype(np.float32)


def typicality(near: Floats, held: Floats) -> Floats:
    """[n] in (0, 1], of the nearness [n] of questions and that of held-out ones, ascending."""
    ranks = 1 + np.searchsorted(held, near, side="right")
    return np.asarray(ranks / (1 + len(held)), dtype=np.float32)
