"""What a visual token should tell of its cell, and the directions of the embedding space it tells it in.

A label with classes (kind, colour, ...) has a direction for each class; one with an order (row, column, counts) has a
direction for each threshold, pointing forward where it is reached, so that comparing and adding are linear. All are
orthonormal, and those of words are where the language model's word embeddings start: to it, a picture starts as sixteen
bags of words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from molora.benchmarks.questions import STEPS, Group, seen_by
from molora.benchmarks.scenes import COLOURS, GAZES, GRID, LEANS, MOODS, SHAPES, SIZES, TEXTURES, Scene, Thing

KINDS = ("nothing", *SHAPES, "ramp", "tower", "person")
MOST = 7
"""Larger counts are not told apart."""
CELLS = tuple((row, column) for row in range(GRID) for column in range(GRID))
IGNORED = -100

CLASSES: tuple[tuple[str, ...], ...] = (
    KINDS,
    tuple(COLOURS),
    TEXTURES,
    SIZES,
    LEANS,
    MOODS,
    ("still", "waving"),
    *[KINDS] * (len(STEPS) + 1),
)
"""Kind, colour, texture, size, side, mood, waving; kinds of the neighbours and of what the person here sees."""
NUM_LOOKS = 7
"""So many are of what the cell itself shows."""
NUM_WORDED = 6
"""So many are told in the directions of their words."""
THRESHOLDS = (*[GRID - 1] * 2, *[MOST - 1] * 3)
"""Row and column; how many things have this kind, this colour, both."""
LABELS = len(CLASSES) + sum(THRESHOLDS)


def label(scenes: Sequence[Scene]) -> Tensor:
    """What each cell's token should tell, IGNORED where there is nothing: int64 [scenes, 16, LABELS]."""
    return torch.tensor([[_label_cell(scene, cell) for cell in CELLS] for scene in scenes])


def _label_cell(scene: Scene, cell: tuple[int, int]) -> list[int]:
    thing = scene.at(*cell)
    near = [scene.at(cell[0] + down, cell[1] + along) for down, along in STEPS.values()]
    classes = [KINDS.index(thing.kind) if thing else 0, *_label_looks(thing), *map(_kind_index, near)]
    classes.append(_kind_index(seen_by(scene, thing)) if thing and _looks_aside(thing) else IGNORED)
    return [*classes, *_reached(cell[0], GRID), *_reached(cell[1], GRID), *_label_counts(scene, thing)]


def _label_looks(thing: Thing | None) -> list[int]:
    """Indices into CLASSES[1:7] of what can be seen of the thing."""
    if thing is None:
        return [IGNORED] * 6
    is_person = thing.kind == "person"
    side = LEANS[2] if thing.side == GAZES[2] else thing.side
    values = (
        thing.colour,
        thing.texture if thing.is_shape else None,
        thing.size if thing.is_shape else None,
        None if thing.is_shape else side,
        thing.mood if is_person else None,
        ("waving" if thing.waving else "still") if is_person else None,
    )
    return [IGNORED if v is None else names.index(v) for v, names in zip(values, CLASSES[1:], strict=False)]


def _label_counts(scene: Scene, thing: Thing | None) -> list[int]:
    if thing is None:
        return [IGNORED] * 3 * (MOST - 1)
    kind, colour = _reached(_count(scene, Group(thing.kind)), MOST), [IGNORED] * (MOST - 1)
    if thing.kind == "person":
        return [*kind, *colour, *colour]
    both = _reached(_count(scene, Group(thing.kind, thing.colour)), MOST)
    return [*kind, *_reached(_count(scene, Group(None, thing.colour)), MOST), *both]


def _count(scene: Scene, group: Group) -> int:
    """From 0 for the thing itself alone."""
    return group.count(scene) - 1


def _reached(value: int, num: int) -> list[int]:
    return [int(value >= threshold) for threshold in range(1, num)]


def _kind_index(thing: Thing | None) -> int:
    return KINDS.index(thing.kind) if thing else 0


def _looks_aside(thing: Thing) -> bool:
    return thing.kind == "person" and thing.side != GAZES[2]


@dataclass(frozen=True)
class Code:
    """Orthonormal directions of the embedding space."""

    classes: Tensor
    """[sum of the CLASSES' numbers, hidden]"""
    thresholds: Tensor
    """[sum of THRESHOLDS, hidden]"""
    picture: Tensor
    """[hidden]: what all visual tokens share."""

    @staticmethod
    def draw(hidden: int, generator: torch.Generator) -> Code:
        sizes = [sum(map(len, CLASSES)), sum(THRESHOLDS), 1]
        directions, _ = torch.linalg.qr(torch.randn(hidden, sum(sizes), generator=generator))
        classes, thresholds, picture = torch.split(directions.T.contiguous(), sizes)
        return Code(classes, thresholds, picture[0])

    def to(self, device: torch.device) -> Code:
        return Code(self.classes.to(device), self.thresholds.to(device), self.picture.to(device))

    def words(self) -> dict[str, Tensor]:
        """Words of the first NUM_WORDED labels and their directions, each [hidden]."""
        names = [name for names in CLASSES[:NUM_WORDED] for name in names]
        return dict(zip(names, self.classes, strict=False))

    def read(self, tokens: Tensor) -> list[Tensor]:
        """Logits of the LABELS in tokens [..., hidden]: [..., classes] each, of a threshold below and reached."""
        classes = torch.split(tokens @ self.classes.T, [len(names) for names in CLASSES], dim=-1)
        reached = (tokens @ self.thresholds.T).unbind(-1)
        ordered = [torch.stack([-way, way], dim=-1) for way in reached]
        return [sharp * logits for sharp, logits in zip(_SHARPNESS, (*classes, *ordered), strict=True)]

    def mark(self, tokens: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Mean cross-entropy of tokens [pictures, 16, hidden] over the labels, and the share of labels read right."""
        losses, right = [], []
        for logits, wanted in zip(self.read(tokens), labels.unbind(-1), strict=True):
            losses.append(_cross_entropy(logits.flatten(0, -2), wanted.flatten()))
            right.append((logits.argmax(-1) == wanted)[wanted != IGNORED].float().mean())
        return torch.stack(losses).mean(), torch.stack(right).mean()


def _cross_entropy(logits: Tensor, wanted: Tensor) -> Tensor:
    """Smoothed, so that no token goes far along any direction (Szegedy et al., 2016)."""
    return functional.cross_entropy(logits, wanted, ignore_index=IGNORED, label_smoothing=0.02)


_SHARPNESS = [8.0] * NUM_LOOKS + [16.0] * (len(CLASSES) - NUM_LOOKS) + [8.0] * sum(THRESHOLDS)
"""The sharper a label is read, the shorter a way its token needs to go to be sure; a threshold's way counts twice."""
