"""The LoRA of a linear layer for rows with gates, in two ways that agree to rounding.

Dense: with the slots' A stacked to [slots * rank, in] and their B to [slots * rank, out], `y += ((x A^T) * G) B` serves
all rows at once: the same work for each mix of adapters. Segmented: adapter by adapter on the rows that name it, as in
Punica (Chen et al., 2023, arXiv:2310.18547): less work the more slots a row does not name, more calls the more
adapters there are. `is_dense` weighs one against the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

SEGMENT_COST = 2_000_000
"""Multiply-adds that take as long as the calls for one more segment; measured by `molora bench layer`."""


@dataclass(frozen=True)
class Segment:
    """The rows [n] in which a slot's adapter has a say, and its gates [n, 1] there."""

    slot: int
    rows: Tensor
    gates: Tensor


@dataclass(frozen=True)
class RowGates:
    """Of one step: [rows, slots]."""

    matrix: Tensor

    def scaled(self, scale: float) -> RowGates:
        return self if scale == 1 else RowGates(scale * self.matrix)

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        slots, rows = self.matrix.T.nonzero(as_tuple=True)
        named, counts = torch.unique_consecutive(slots, return_counts=True)
        return tuple(
            Segment(slot, part, self.matrix[part, slot, None])
            for slot, part in zip(named.tolist(), torch.split(rows, counts.tolist()), strict=True)
        )

    @cached_property
    def num_idle(self) -> int:
        """Entries that are 0: what the dense way computes for nothing."""
        return self.matrix.numel() - sum(len(segment.rows) for segment in self.segments)

    @cached_property
    def num_partial(self) -> int:
        """Segments of some rows only: these have to be gathered and scattered."""
        return sum(len(segment.rows) < len(self.matrix) for segment in self.segments)


def is_dense(gates: RowGates, rank: int, width_in: int, width_out: int, segment_cost: int) -> bool:
    """Whether the dense way's idle work costs less than the segmented way's calls."""
    return gates.num_idle * rank * (width_in + width_out) <= gates.num_partial * segment_cost


def add_dense(y: Tensor, x: Tensor, a: Tensor, b: Tensor, gates: RowGates) -> None:
    """y [rows, out] += LoRA of x [rows, in], with a [slots, 1, rank, in] and b [slots, 1, out, rank].

    An adapter whose gate is 0 has no say, not even by a value that is not finite.
    """
    slots, _, rank, _ = a.shape
    shrunk = (x @ a.flatten(0, 2).T).view(-1, slots, rank)
    gate = gates.matrix[..., None]
    gated = torch.where(gate == 0, 0, shrunk * gate).flatten(1)
    y.addmm_(gated.to(y.dtype), b.squeeze(1).transpose(1, 2).flatten(0, 1))


def add_segmented(y: Tensor, x: Tensor, a: Tensor, b: Tensor, gates: RowGates) -> None:
    """As `add_dense`."""
    for segment in gates.segments:
        into, out = a[segment.slot, 0].T, b[segment.slot, 0].T
        if len(segment.rows) == len(x):
            y.addmm_((x @ into * segment.gates).to(y.dtype), out)
        else:
            gated = x.index_select(0, segment.rows) @ into * segment.gates
            y.index_add_(0, segment.rows, gated.to(y.dtype) @ out)
