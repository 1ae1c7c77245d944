"""The LoRA of a linear layer for rows with gates, in two ways that agree to rounding.

Dense: with the slots' A stacked to [slots * rank, in] and their B to [slots * rank, out], `y += ((x A^T) * G) B` serves
all rows at once: the same work for each mix of adapters. Apart: adapter by adapter on the rows that name it, as in
Punica (Chen et al., 2023, arXiv:2310.18547): less work the more slots a row does not name, more calls and copies the
more adapters there are. `is_dense` weighs one against the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

MIN_RUN = 8
"""Rows in a row that are worth a segment of their own: they need not be gathered and scattered."""


class Costs(NamedTuple):
    """In multiply-adds that take as long; measured by `molora bench layer`."""

    segment: float = 1_000_000
    """The two products of a segment, or of all slots at once."""
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

    def spread(self, num: int, rank: int) -> Spread:
        """For `num` layers packed into one; remembered, for a step has many layers of few shapes."""
        if (num, rank) not in self._spreads:
            gates = self.matrix.repeat_interleave(rank, 1).repeat(1, num)
            self._spreads[num, rank] = Spread(gates, gates == 0)
        return self._spreads[num, rank]

    @cached_property
    def _spreads(self) -> dict[tuple[int, int], Spread]:
        return {}

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        return tuple(Segment(slot, rows, self.matrix[rows, slot, None]) for slot, rows in self._cut())

    def _cut(self) -> Iterator[tuple[int, slice | Tensor]]:
        """Long runs one by one; what is left of a slot's rows together."""
        runs = self.runs
        for slot, start, length in zip(*(column[runs.long].tolist() for column in runs[:3]), strict=True):
            yield slot, slice(start, start + length)
        for slot in runs.short_slots:
            short = ~runs.long & (runs.slots == slot)
            rows = [
                np.arange(start, start + n) for start, n in zip(runs.starts[short], runs.lengths[short], strict=True)
            ]
            yield slot, torch.from_numpy(np.concatenate(rows))

    @cached_property
    def work_apart(self) -> Work:
        runs = self.runs
        in_place = int(runs.lengths[runs.long].sum())
        gathered = int(runs.lengths.sum()) - in_place
        return Work(int(runs.long.sum()) + len(runs.short_slots), in_place, gathered)

    @cached_property
    def runs(self) -> Runs:
        slots, rows = np.nonzero(self.matrix.numpy().T)
        first = np.flatnonzero((np.diff(slots, prepend=-1) != 0) | (np.diff(rows, prepend=-2) != 1))
        lengths = np.diff(first, append=len(rows))
        return Runs(slots[first], rows[first], lengths, lengths >= min(MIN_RUN, len(self.matrix)))


class Spread(NamedTuple):
    """Both [rows, layers * slots * rank]: a gate for each product with a row of A, and where it has no say."""

    gates: Tensor
    idle: Tensor


class Runs(NamedTuple):
    """Rows in a row that name the same slot, by slot."""

    slots: NDArray[np.int64]
    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]
    long: NDArray[np.bool_]
    """Or all rows that there are."""

    @property
    def short_slots(self) -> list[int]:
        return sorted(set(self.slots[~self.long].tolist()))


class Work(NamedTuple):
    """What adapter by adapter means: its segments, the rows they read in place and those they gather."""

    segments: int
    in_place: int
    gathered: int


def is_dense(gates: RowGates, rank: int, width: int, costs: Costs, num: int = 1) -> bool:
    """Whether the dense way takes no longer, for a layer of `width` = in + out, or the sum of `num` packed into one,
    whose products with A it makes in one."""
    num_rows, num_slots = gates.matrix.shape
    segments, in_place, gathered = gates.work_apart
    dense = costs.segment * (1 + num) / 2 + width * num_rows * (num_slots * rank + costs.in_place)
    apart = costs.segment * segments * num + width * (
        in_place * (rank + costs.in_place) + gathered * (rank + costs.gathered)
    )
    return dense <= apart


def add_dense(ys: Sequence[Tensor], x: Tensor, a: Sequence[Tensor], b: Sequence[Tensor], gates: RowGates) -> None:
    """Each y [rows, out] += LoRA of x [rows, in], with its a [slots, 1, rank, in] and b [slots, 1, out, rank].

    An adapter whose gate is 0 has no say, not even by a value that is not finite.
    """
    spread = gates.spread(len(a), a[0].shape[2])
    gated = ((x @ _joined(a).T) * spread.gates).masked_fill_(spread.idle, 0).to(x.dtype)
    for y, part, out in zip(ys, gated.chunk(len(a), 1), b, strict=True):
        y.addmm_(part, out.transpose(2, 3).flatten(0, 2))


def _joined(a: Sequence[Tensor]) -> Tensor:
    """[len(a) * slots * rank, in]: no copy where they lie one behind the other in memory, as in `CPUModelManager`."""
    first = a[0]
    if len(a) == 1:
        return first.flatten(0, 2)
    memory, start, size = first.untyped_storage().data_ptr(), first.storage_offset(), first.numel()
    if all(
        one.storage_offset() == start + size * place and one.untyped_storage().data_ptr() == memory
        for place, one in enumerate(a)
    ):
        width = first.shape[-1]
        return first.as_strided((len(a) * size // width, width), (width, 1))
    return torch.cat([one.flatten(0, 2) for one in a])


def add_apart(ys: Sequence[Tensor], x: Tensor, a: Sequence[Tensor], b: Sequence[Tensor], gates: RowGates) -> None:
    """As `add_dense`."""
    for y, one_a, one_b in zip(ys, a, b, strict=True):
        for segment in gates.segments:
            gated = (x[segment.rows] @ one_a[segment.slot, 0].T * segment.gates).to(y.dtype)
            out = one_b[segment.slot, 0].T
            if isinstance(segment.rows, slice):
                y[segment.rows].addmm_(gated, out)
            else:
                y.index_add_(0, segment.rows, gated @ out)
