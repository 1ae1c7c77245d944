"""Pictures through the vision tower, batched: all have one size, so attention needs no loop over pictures."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers.image_utils import OPENAI_CLIP_MEAN, OPENAI_CLIP_STD
from transformers.models.qwen2_vl.modeling_qwen2_vl import (
    Qwen2VisionTransformerPretrainedModel,
    Qwen2VLVisionBlock,
    apply_rotary_pos_emb_vision,
)

from molora.benchmarks.questions import GROUPS, STEPS, seen_by
from molora.benchmarks.scenes import CELL, COLOURS, GAZES, GRID, MOODS, SHAPES, SIZES, TEXTURES, Scene, Thing

Tower: TypeAlias = Qwen2VisionTransformerPretrainedModel
MERGE = 2
PATCH = CELL // MERGE
IGNORED = -100
FLOOR = 1.5
"""Standard deviation at which an aligned token tells what the known ones do not; theirs is about 4."""

KINDS = ("nothing", *SHAPES, "ramp", "tower", "person")
SIDES = ("left", "right", "straight")
MOST = 8
"""Larger counts are not told apart."""
CELLS = tuple((row, column) for row in range(GRID) for column in range(GRID))
OWN = (KINDS, tuple(COLOURS), TEXTURES, SIZES, SIDES, MOODS, (False, True), tuple(range(GRID)), tuple(range(GRID)))
"""What a visual token should tell of its cell: kind, colour, texture, size, side, mood, waving, row, column."""
COUNTED = tuple(dict.fromkeys(GROUPS))
NUM_CLASSES = [*map(len, OWN), *[len(KINDS)] * (len(STEPS) + 1), *[MOST + 1] * len(COUNTED)]
"""Next, its surroundings: the kinds of its neighbours and of what the person in it sees; then counts of the whole."""


def render(scenes: list[Scene]) -> Tensor:
    """The pictures as patches in the order of Qwen2-VL's processor: float32 [scenes, 64, 588], normalised."""
    pixels = torch.from_numpy(np.stack([np.asarray(scene.render()) for scene in scenes])).float() / 255
    pixels = (pixels - torch.tensor(OPENAI_CLIP_MEAN)) / torch.tensor(OPENAI_CLIP_STD)
    blocks = pixels.view(-1, GRID, MERGE, PATCH, GRID, MERGE, PATCH, 3)
    return blocks.permute(0, 1, 4, 2, 5, 7, 3, 6).reshape(len(scenes), -1, 3 * PATCH * PATCH)


def see(visual: Tower, patches: Tensor) -> Tensor:
    """Visual tokens [pictures, 16, hidden] of patches [pictures, 64, 588]; agrees with `visual` itself to rounding.

    A still picture shows both temporal halves of a patch the same pixels, so their weights are added up first.
    """
    pictures, num_patches, _ = patches.shape
    hidden = functional.linear(patches, visual.patch_embed.proj.weight.sum(dim=2).flatten(1))
    places = _places(num_patches).to(patches.device)
    rotary = visual.rotary_pos_emb(hidden, places)
    for block in visual.blocks:
        hidden = hidden + _attend(block, block.norm1(hidden), rotary)
        hidden = hidden + block.mlp(block.norm2(hidden))
    merged: Tensor = visual.merger(hidden.flatten(0, 1))
    return merged.view(pictures, num_patches // MERGE**2, -1)


def _places(num_patches: int) -> Tensor:
    """Row and column of each patch, in the processor's order: int64 [patches, 2]."""
    side = round(num_patches**0.5)
    grid = torch.stack(torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij"), dim=-1)
    return grid.view(side // MERGE, MERGE, side // MERGE, MERGE, 2).transpose(1, 2).reshape(-1, 2)


def _attend(block: Qwen2VLVisionBlock, hidden: Tensor, rotary: tuple[Tensor, Tensor]) -> Tensor:
    attention = block.attn
    pictures, patches, _ = hidden.shape
    query, key, value = attention.qkv(hidden).view(pictures * patches, 3, attention.num_heads, -1).unbind(1)
    cos, sin = (part.repeat(pictures, 1) for part in rotary)
    query, key = apply_rotary_pos_emb_vision(query, key, cos, sin)
    query, key, value = (
        part.view(pictures, patches, attention.num_heads, -1).transpose(1, 2) for part in (query, key, value)
    )
    mixed = functional.scaled_dot_product_attention(query, key, value)
    output: Tensor = attention.proj(mixed.transpose(1, 2).reshape(hidden.shape))
    return output


@torch.no_grad()
def align(visual: Tower, known: Tensor, patches: Tensor) -> None:
    """Fold into the merger's last layer the linear map that brings its tokens nearest to `known` ones of these patches.

    known float32 [pictures, 16, hidden]. What the known tokens do not tell passes too, at a standard deviation of at
    least FLOOR, in the directions that they use least: their reader goes on as before, and finds more there.
    """
    tokens, wanted = see(visual, patches).flatten(0, 1).double(), known.flatten(0, 1).double()
    variances, directions = torch.linalg.eigh(tokens.T.cov())
    whiten = directions / (variances + 0.1 * variances.median()).sqrt()
    white = (tokens - tokens.mean(0)) @ whiten
    read = torch.linalg.lstsq(white, wanted - wanted.mean(0)).solution
    given, strengths, taken = torch.linalg.svd(read)
    turn = (whiten @ given * strengths.clamp(min=FLOOR) @ taken).T.float()
    last = visual.merger.mlp[-1]
    last.weight.copy_(turn @ last.weight)
    last.bias.copy_(turn @ (last.bias - tokens.mean(0).float()) + wanted.mean(0).float())


def label(scenes: list[Scene]) -> Tensor:
    """What each cell's token should tell, IGNORED where there is nothing: int64 [scenes, 16, len(NUM_CLASSES)]."""
    return torch.tensor([_label_scene(scene) for scene in scenes])


def _label_scene(scene: Scene) -> list[list[int]]:
    counts = [min(group.count(scene), MOST) for group in COUNTED]
    return [[*_label_own(scene.at(*cell), cell), *_label_around(scene, cell), *counts] for cell in CELLS]


def _label_own(thing: Thing | None, cell: tuple[int, int]) -> list[int]:
    if thing is None:
        return [0, *[IGNORED] * 6, *cell]
    is_person = thing.kind == "person"
    side = "straight" if thing.side == GAZES[2] else thing.side
    values = (
        thing.kind,
        thing.colour,
        thing.texture if thing.is_shape else None,
        thing.size if thing.is_shape else None,
        None if thing.is_shape else side,
        thing.mood if is_person else None,
        thing.waving if is_person else None,
    )
    found = [IGNORED if v is None else names.index(v) for v, names in zip(values, OWN, strict=False)]
    return [*found, *cell]


def _label_around(scene: Scene, cell: tuple[int, int]) -> list[int]:
    near = [_index(scene.at(cell[0] + down, cell[1] + along)) for down, along in STEPS.values()]
    thing = scene.at(*cell)
    is_looking = thing is not None and thing.kind == "person" and thing.side != GAZES[2]
    return [*near, _index(seen_by(scene, thing)) if thing and is_looking else IGNORED]


def _index(thing: Thing | None) -> int:
    return KINDS.index(thing.kind) if thing else 0


class AttributeHeads(nn.Module):
    """Linear readers of a visual token, one for each label; thrown away after the vision tower has learnt."""

    def __init__(self, hidden: int, num_labels: int) -> None:
        super().__init__()
        self.readers = nn.ModuleList(nn.Linear(hidden, num) for num in NUM_CLASSES[:num_labels])

    def forward(self, tokens: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Mean cross-entropy over the labels, and the share of them read right."""
        losses, right = [], []
        for reader, wanted in zip(self.readers, labels.unbind(-1), strict=True):
            scores = reader(tokens)
            losses.append(functional.cross_entropy(scores.flatten(0, 1), wanted.flatten(), ignore_index=IGNORED))
            right.append((scores.argmax(-1) == wanted)[wanted != IGNORED].float().mean())
        return torch.stack(losses).mean(), torch.stack(right).mean()
