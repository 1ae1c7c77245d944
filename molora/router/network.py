"""The head as a torch module, for training: the same tensors under the same names as `head.py`."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from molora.router.head import NORM_EPS, Floats
from molora.router.ngrams import pack_ngrams


class HeadNetwork(nn.Module):
    """Vectors [n, dim] and n-grams -> logits [n, num_classes]. The wide half begins at zero."""

    def __init__(self, dim: int, hidden: int, num_buckets: int, num_classes: int, dropout: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(dim, eps=NORM_EPS)
        self.hidden = nn.Linear(dim, hidden)
        self.output = nn.Linear(hidden, num_classes)
        self.wide = nn.EmbeddingBag(num_buckets, num_classes, mode="sum")
        self.dropout = dropout
        nn.init.zeros_(self.wide.weight)

    def forward(self, vectors: Tensor, buckets: Tensor, starts: Tensor, scales: Tensor) -> Tensor:
        """`buckets` and `starts` are those of `pack_ngrams`; `scales` [total] is 1 / sqrt(n-grams of its text)."""
        x = nn.functional.dropout(self.norm(vectors), self.dropout / 2, self.training)
        x = nn.functional.gelu(self.hidden(x), approximate="tanh")
        deep: Tensor = self.output(nn.functional.dropout(x, self.dropout, self.training))
        wide: Tensor = self.wide(buckets, starts, per_sample_weights=scales)
        return deep + wide

    def weights(self) -> dict[str, Floats]:
        return {name: tensor.detach().numpy().copy() for name, tensor in self.state_dict().items()}


def pack(texts: Sequence[str], num_buckets: int) -> tuple[Tensor, Tensor, Tensor]:
    """The last three inputs of the network."""
    buckets, starts = pack_ngrams(texts, num_buckets)
    lengths = np.diff([*starts, len(buckets)])
    scales = np.repeat([1 / math.sqrt(length) for length in lengths], lengths)
    return torch.from_numpy(buckets), torch.from_numpy(starts), torch.from_numpy(scales.astype(np.float32))
