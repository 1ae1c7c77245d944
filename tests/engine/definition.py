"""What a mixture is."""

import torch
from torch import Tensor


def defined(x: Tensor, a: Tensor, b: Tensor, gates: Tensor) -> Tensor:
    """Sum over the slots of g B A x, in float64: x [rows, in], a [slots, 1, rank, in], b [slots, 1, out, rank]."""
    deltas = torch.einsum("sor,sri,ni->nso", b[:, 0].double(), a[:, 0].double(), x.double())
    return torch.einsum("ns,nso->no", gates.double(), deltas)
