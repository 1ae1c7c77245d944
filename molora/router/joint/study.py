"""Mixtures of interest, all on the same questions: those that heads choose, each expert's alone, pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from molora.router.features import Flags
from molora.router.joint.bounds import find_bounds, list_fixed
from molora.router.joint.comparison import Interval, Kinds, compare_all, find_accuracies, split
from molora.router.joint.measure import SOFT, TOP1, TOP2, OnAsked, answer, find_served
from molora.router.joint.parts import Material, Parts
from molora.router.training.data import as_targets

EVEN = "its own types, evenly"
MODES = (TOP1, TOP2, SOFT)


@dataclass(frozen=True)
class Study:
    """`rights` [questions] by mixture, and `kinds` of the questions; `arms` are the heads, the first the one that the
    others are held against."""

    arms: tuple[str, ...]
    kinds: Kinds
    rights: Mapping[str, Flags]

    @property
    def groups(self) -> dict[str, Flags]:
        return split(self.kinds)

    def accuracies(self) -> dict[str, dict[str, float]]:
        return find_accuracies(self.rights, self.groups)

    def differences(self) -> dict[tuple[str, str], dict[str, Interval]]:
        """Of a head's mixtures from its own top1, and from the same mixture by the first head."""
        first, *others = self.arms
        own = [(name(arm, mode), name(arm, TOP1)) for arm in self.arms for mode in (TOP2, SOFT)]
        pairs = own + [(name(arm, mode), name(first, mode)) for arm in others for mode in MODES]
        return compare_all(self.rights, pairs, self.groups)

    def to_dict(self) -> dict[str, Any]:
        differences = [
            {"ours": ours, "theirs": theirs, **{group: interval._asdict() for group, interval in told.items()}}
            for (ours, theirs), told in self.differences().items()
        ]
        num = {group: int(flags.sum()) for group, flags in self.groups.items()}
        told = self.accuracies()
        heads = {arm: {mode: told.pop(name(arm, mode)) for mode in MODES} for arm in self.arms}
        return {"num": num, "heads": heads, "fixed": told, "differences": differences}


def name(arm: str, mode: str) -> str:
    return f"{arm}, {mode}"


def ask_head(arm: str, parts: Parts, material: Material, on_asked: OnAsked) -> dict[str, Flags]:
    served = find_served(parts, material)
    rights = answer(parts, material.lessons, served, on_asked)
    return {name(arm, mode): flags for mode, flags in rights.items()}


def ask_fixed(parts: Parts, material: Material, classes: Sequence[str], on_asked: OnAsked) -> dict[str, Flags]:
    """Each expert alone, what the best choices would give, and a question's own types evenly where they are known."""
    lessons = material.lessons
    fixed = list_fixed(classes)
    gates = {key: torch.from_numpy(row).expand(len(lessons), -1) for key, row in fixed.items()}
    kinds = [lesson.kinds for lesson in lessons]
    known = all(kinds)
    if known:
        gates[EVEN] = torch.from_numpy(as_targets([lesson.sample for lesson in lessons], classes))
    rights = answer(parts, lessons, gates, on_asked)
    bounds = find_bounds({key: rights[key] for key in fixed}, classes, kinds)
    told = {EVEN: rights[EVEN]} if known else {}
    return {**{key: rights[key] for key in classes}, **told, **bounds}
