"""The head as a torch module, for training: the same tensors under the same names as `head.py`."""

import math
from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np
import torch
from torch import Tensor, nn

from molora.router.features import Floats
from molora.router.head import NORM_EPS, Head
from molora.router.ngrams import pack_ngrams


class Sizes(NamedTuple):
    """`image` is 0 for an encoder that looks at no pictures: there is no part for them then."""

    text: int
    image: int
    hidden: int
    buckets: int
    classes: int


class Part(nn.Module):
    """The text's vectors, or the pictures', brought into the space where they are added up."""

    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(dim, eps=NORM_EPS)
        self.projection = nn.Linear(dim, hidden)

    def forward(self, vectors: Tensor, dropout: float) -> Tensor:
        projected: Tensor = self.projection(nn.functional.dropout(self.norm(vectors), dropout, self.training))
        return projected


class HeadNetwork(nn.Module):
    """Features and n-grams -> logits [n, classes]. The wide half begins at zero."""

    def __init__(self, sizes: Sizes, dropout: float) -> None:
        super().__init__()
        self.text = Part(sizes.text, sizes.hidden)
        if sizes.image:
            self.image = Part(sizes.image, sizes.hidden)
            self.absent = nn.Parameter(torch.zeros(sizes.hidden))
        self.hidden = nn.Linear(sizes.hidden, sizes.hidden)
        self.output = nn.Linear(sizes.hidden, sizes.classes)
        self.wide = nn.EmbeddingBag(sizes.buckets, sizes.classes, mode="sum")
        self.looks, self.dropout = sizes.image > 0, dropout
        nn.init.zeros_(self.wide.weight)

    def forward(  # noqa: PLR0913, PLR0917  # the tensors of one batch
        self, text: Tensor, image: Tensor, seen: Tensor, buckets: Tensor, starts: Tensor, scales: Tensor
    ) -> Tensor:
        """The first three are those of `Features`, the others those of `pack`."""
        joined = self.text(text, self.dropout / 2)
        if self.looks:
            joined = joined + torch.where(seen[:, None], self.image(image, self.dropout / 2), self.absent)
        x = nn.functional.gelu(joined)
        x = nn.functional.gelu(self.hidden(x))
        deep: Tensor = self.output(nn.functional.dropout(x, self.dropout, self.training))
        wide: Tensor = self.wide(buckets, starts, per_sample_weights=scales)
        return deep + wide

    @classmethod
    def from_head(cls, head: Head, dropout: float = 0.0) -> Self:
        """To go on training it."""
        weights = head.weights
        image = len(weights["image.norm.weight"]) if head.looks else 0
        buckets, classes = weights["wide.weight"].shape
        sizes = Sizes(len(weights["text.norm.weight"]), image, len(weights["hidden.bias"]), buckets, classes)
        network = cls(sizes, dropout)
        network.load_state_dict({name: torch.from_numpy(weights[name]) for name in network.state_dict()})
        return network

    def weights(self) -> dict[str, Floats]:
        return {name: tensor.detach().cpu().numpy().copy() for name, tensor in self.state_dict().items()}


def pack(texts: Sequence[str], num_buckets: int) -> tuple[Tensor, Tensor, Tensor]:
    """The last three inputs of the network: hashed n-grams, where each text's begin, and for each n-gram
    1 / sqrt(n-grams of its text)."""
    buckets, starts = pack_ngrams(texts, num_buckets)
    lengths = np.diff([*starts, len(buckets)])
    scales = np.repeat([1 / math.sqrt(length) for length in lengths], lengths)
    return torch.from_numpy(buckets), torch.from_numpy(starts), torch.from_numpy(scales.astype(np.float32))
