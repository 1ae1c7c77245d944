"""Which thing stands where, seen from another."""

from __future__ import annotations

from molora.benchmarks.scenes import Scene, Thing

STEPS = {"left of": (0, -1), "right of": (0, 1), "above": (-1, 0), "below": (1, 0)}
"""Rows and columns to go."""
BEYOND = {
    "left of": "to the left of",
    "right of": "to the right of",
    "above": "higher up than",
    "below": "lower down than",
}
"""How one thing is said to be of another."""
FURTHER = {
    "left of": "further to the left",
    "right of": "further to the right",
    "above": "higher up",
    "below": "lower down",
}
"""How it is said to be of two."""
OPPOSITES = {"left of": "right of", "right of": "left of", "above": "below", "below": "above"}


def neighbour(scene: Scene, thing: Thing, where: str) -> Thing | None:
    down, along = STEPS[where]
    return scene.at(thing.row + down, thing.column + along)


def is_beyond(a: Thing, b: Thing, where: str) -> bool:
    down, along = STEPS[where]
    return (a.row - b.row) * down + (a.column - b.column) * along > 0
