"""What a family of questions is, and what they all word their questions and answers with."""

from __future__ import annotations

import random
from collections.abc import Callable

from molora.benchmarks.scenes import Scene

PICTURES = ("picture", "image", "scene")

Asked = tuple[str, str] | None
"""A question's text and its answer."""
Family = Callable[[Scene, random.Random], Asked]
Families = tuple[tuple[Family, float], ...]
"""With the weights they are drawn by."""


def word(rng: random.Random, *templates: str, **names: str) -> str:
    return rng.choice(templates).format(picture=rng.choice(PICTURES), **names)


def yes(truth: bool) -> str:
    return "yes" if truth else "no"
