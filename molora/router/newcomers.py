"""Experts the head has not learnt: each known by a few texts, and told from what the trained ones are asked.

A newcomer's score is the mean of a Gaussian process (Rasmussen and Williams 2006, section 2.2) that is 1 at its own
texts and 0 at the trained experts' questions: what a question shares with those does not count, which nearness alone
cannot tell. It is divided by its norm, so that it means the same for one text and for sixty.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from molora.router.features import Floats

WIDTH = 0.6
"""Of the kernel; cosines that differ by less are near."""
NOISE = 0.01


@dataclass(frozen=True)
class _Newcomer:
    """Its score of a text is kernel(text, vectors) @ gains - kernel(text, known) @ losses."""

    vectors: Floats
    gains: Floats
    losses: Floats


@dataclass(frozen=True)
class _Stack:
    """All newcomers as one: the known points and then theirs [num_known + texts, dim], and where each one's begin."""

    points: Floats
    gains: Floats
    losses: Floats
    starts: NDArray[np.int64]


class Newcomers:
    """`known` [num, dim] are questions of the trained experts, none where there are none. All vectors have length 1."""

    def __init__(self, known: Floats) -> None:
        self._known = known
        exact = known.astype(np.float64)
        self._inverse = np.linalg.inv(_kernel(exact, exact) + NOISE * np.eye(len(known)))
        self._members: dict[str, _Newcomer] = {}
        self._stack: _Stack | None = None

    def __len__(self) -> int:
        return len(self._members)

    def set(self, name: str, vectors: Floats) -> None:
        """Adds or replaces; of at least one text, [num, dim]."""
        own, known = vectors.astype(np.float64), self._known.astype(np.float64)
        explained = self._inverse @ _kernel(known, own)
        remainder = _kernel(own, own) - _kernel(own, known) @ explained + NOISE * np.eye(len(own))
        gains = np.linalg.solve(remainder, np.ones(len(own)))
        gains /= np.sqrt(gains.sum())
        losses = explained @ gains
        self._members[name] = _Newcomer(vectors, gains.astype(np.float32), losses.astype(np.float32))
        self._stack = None

    def remove(self, name: str) -> None:
        del self._members[name]
        self._stack = None

    def scores(self, vectors: Floats) -> Floats:
        """[len(vectors), newcomers] in the order they came in; there is at least one."""
        if self._stack is None:
            self._stack = self._make_stack()
        stack, num_known = self._stack, len(self._known)
        near = _kernel(vectors, stack.points)
        gained = np.add.reduceat(near[:, num_known:] * stack.gains, stack.starts, axis=1)
        scores: Floats = gained - near[:, :num_known] @ stack.losses
        return scores

    def _make_stack(self) -> _Stack:
        members = list(self._members.values())
        sizes = [len(member.vectors) for member in members]
        return _Stack(
            points=np.concatenate([self._known, *(member.vectors for member in members)]),
            gains=np.concatenate([member.gains for member in members]),
            losses=np.stack([member.losses for member in members], axis=1),
            starts=np.cumsum([0, *sizes[:-1]]),
        )


def _kernel(a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
    near: NDArray[Any] = np.exp((a @ b.T - 1) / WIDTH)
    return near
