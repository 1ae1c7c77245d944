"""Answers by hand."""

from typing import Any

from molora.benchmarks.quality.answer import Answer


def make_answer(arm: str, kinds: str, *, right: bool, index: int = 0, expert: str | None = None, **more: Any) -> Answer:
    """`kinds` are joined by a plus; empty where they are unknown."""
    types = tuple(filter(None, kinds.split("+")))
    return Answer(index, arm, types, "How many?", "2", "2" if right else "3", expert or arm, **more)
