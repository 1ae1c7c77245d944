"""The LoRA of a linear layer for rows with gates, in two ways that agree to rounding.

Dense: with the slots' A stacked to [slots * rank, in] and their B to [slots * rank, out], `y += ((x A^T) * G) B` serves
all rows at once: the same work for each mix of adapters. Apart: adapter by adapter on the rows that name it, as in
Punica (Chen et al., 2023, arXiv:2310.18547): less work the more slots a row does not name, more calls and copies the
more adapters there are. `is_dense` weighs one against the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import torch
from torch import Tensor

MIN_RUN = 8
"""Rows in a row that are worth a segment of their own: they need not be gathered and scattered."""


class Costs(NamedTuple):
    """In multiply-adds that take as long; measured by `molora bench layer`."""

    segment: float = 1_000_000
    """The calls for a segment."""
    in_place: float = 14
    """An element of a row, read or written where it is."""
    gathered: float = 63
    """An element of a row that is gathered or scattered."""


@dataclass(frozen=True)
class Segment:
    """Rows in which a slot's adapter has a say: a slice, or any [n] of them; and its gates [n, 1] there."""

    slot: int
    rows: slice | Tensor
    gates: Tensor


@dataclass(frozen=True)
class RowGates:
    """Of one step: [rows, slots]."""

    matrix: Tensor

    def scaled(self, scale: float) -> RowGates:
        return self if scale == 1 else RowGates(scale * self.matrix)

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        return tuple(self._cut())

    def _cut(self) -> Iterator[Segment]:
        """Long runs, or a run of all rows, one by one; what is left of a slot's rows together."""
        slots, rows = self.matrix.T.nonzero(as_tuple=True)
        runs = torch.cumsum((slots.diff() != 0) | (rows.diff() != 1), 0)
        _, lengths = torch.unique_consecutive(torch.cat([runs.new_zeros(min(len(slots), 1)), runs]), return_counts=True)
        long = lengths >= min(MIN_RUN, len(self.matrix))
        left = torch.repeat_interleave(~long, lengths)
        start = 0
        for length, is_long in zip(lengths.tolist(), long.tolist(), strict=True):
            if is_long:
                first, slot = int(rows[start]), int(slots[start])
                part = slice(first, first + length)
                yield Segment(slot, part, self.matrix[part, slot, None])
            start += length
        for slot in torch.unique(slots[left]).tolist():
            some = rows[left & (slots == slot)]
            yield Segment(slot, some, self.matrix[some, slot, None])

    @cached_property
    def num_apart(self) -> tuple[int, int]:
        """Rows that the segments read in place, and those they gather."""
        in_place = sum(len(s.gates) for s in self.segments if isinstance(s.rows, slice))
        return in_place, sum(len(s.gates) for s in self.segments) - in_place


def is_dense(gates: RowGates, rank: int, width: int, costs: Costs) -> bool:
    """Whether the dense way takes no longer, for a layer of `width` = in + out."""
    num_rows, num_slots = gates.matrix.shape
    in_place, gathered = gates.num_apart
    dense = costs.segment + width * num_rows * (num_slots * rank + costs.in_place)
    apart = costs.segment * len(gates.segments) + width * (
        in_place * (rank + costs.in_place) + gathered * (rank + costs.gathered)
    )
    return dense <= apart


def add_dense(y: Tensor, x: Tensor, a: Tensor, b: Tensor, gates: RowGates) -> None:
    """y [rows, out] += LoRA of x [rows, in], with a [slots, 1, rank, in] and b [slots, 1, out, rank].

    An adapter whose gate is 0 has no say, not even by a value that is not finite.
    """
    slots, _, rank, _ = a.shape
    shrunk = (x @ a.flatten(0, 2).T).view(-1, slots, rank)
    gate = gates.matrix[..., None]
    gated = torch.where(gate == 0, 0, shrunk * gate).flatten(1)
    y.addmm_(gated.to(y.dtype), b.squeeze(1).transpose(1, 2).flatten(0, 1))


def add_apart(y: Tensor, x: Tensor, a: Tensor, b: Tensor, gates: RowGates) -> None:
    """As `add_dense`."""
    for segment in gates.segments:
        gated = (x[segment.rows] @ a[segment.slot, 0].T * segment.gates).to(y.dtype)
        out = b[segment.slot, 0].T
        if isinstance(segment.rows, slice):
            y[segment.rows].addmm_(gated, out)
        else:
            y.index_add_(0, segment.rows, gated @ out)
