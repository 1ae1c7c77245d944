"""Pictures through the vision tower, batched: all have one size, so attention needs no loop over pictures."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from transformers.image_utils import OPENAI_CLIP_MEAN, OPENAI_CLIP_STD
from transformers.models.qwen2_vl.modeling_qwen2_vl import (
    Qwen2VisionTransformerPretrainedModel,
    Qwen2VLVisionBlock,
    apply_rotary_pos_emb_vision,
)

from molora.benchmarks.scenes import CELL, GRID, Scene

Tower: TypeAlias = Qwen2VisionTransformerPretrainedModel
MERGE = 2
PATCH = CELL // MERGE


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
