"""What a family of questions is, and what they all word their questions and answers with."""

from __future__ import annotations

import random
from collections.abc import Callable

from molora.benchmarks.questions.naming import pick
from molora.benchmarks.scenes import Scene, Thing

PICTURES = ("picture", "image", "scene")

Asked = tuple[str, str] | None
"""A question's text and its answer."""
Family = Callable[[Scene, random.Random], Asked]
Families = tuple[tuple[Family, float], ...]
"""With the weights they are drawn by."""


def word(rng: random.Random, *templates: str, **names: str) -> str:
    return rng.choice(templates).format(picture=rng.choice(PICTURES), **names)


def ask_about(
    scene: Scene, rng: random.Random, accept: Callable[[Thing], bool], answer: Callable[[Thing], str], *templates: str
) -> Asked:
    """About one thing that can be named and is accepted; the templates call it by {name}."""
    picked = pick(scene, rng, accept)
    return (word(rng, *templates, name=picked[1]), answer(picked[0])) if picked else None


def yes(truth: bool) -> str:
    return "yes" if truth else "no"
