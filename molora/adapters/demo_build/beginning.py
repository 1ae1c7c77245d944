"""Where the language model begins once its tower sees: words that agree with pictures, attention that matches them.

Mimetic initialisation (Trockman and Kolter, 2023): queries and keys of a head start equal, so that it attends to what
resembles the token, and outputs start as the transpose of values, so that it hands on what it finds.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from transformers import Qwen2VLForConditionalGeneration
from transformers.models.qwen2.tokenization_qwen2 import Qwen2Tokenizer

from molora.adapters.demo_build.sights import Code
from molora.benchmarks.questions import plural

MATCH = 0.6
"""Strength of a head's liking for what resembles the token."""
COPY = 0.5
"""Strength at which it is handed on."""
PICTURE = 1.5
"""How far visual tokens go along the direction that says they are of a picture."""
LOOK = 14.0
"""Strength of every head's liking for that direction: without it, what resembles a token most is the token itself."""


@torch.no_grad()
def begin(model: Qwen2VLForConditionalGeneration, tokenizer: Qwen2Tokenizer, code: Code) -> None:
    """Start the language model afresh, in agreement with the code that the tower has learnt."""
    language = model.model.language_model
    nn.init.normal_(language.embed_tokens.weight, std=language.config.hidden_size**-0.5)
    _name(language.embed_tokens.weight, tokenizer, code)
    model.model.visual.merger.mlp[-1].bias.add_(PICTURE * code.picture)
    for attention in (layer.self_attn for layer in language.layers):
        attention.k_proj.weight.copy_(MATCH * _rotation(attention.k_proj.weight))
        attention.q_proj.weight.copy_(attention.k_proj.weight)
        attention.q_proj.bias.copy_(LOOK * attention.k_proj.weight @ code.picture)
        attention.v_proj.weight.copy_(COPY * _rotation(attention.v_proj.weight))
        attention.o_proj.weight.copy_(attention.v_proj.weight.T)


def _name(embeddings: Tensor, tokenizer: Qwen2Tokenizer, code: Code) -> None:
    """Every token that spells a word of the code, with or without a space, singular or plural, starts near it."""
    for word, direction in code.words().items():
        for spelling in sorted({word, f" {word}", plural(word), f" {plural(word)}"}):
            ids = tokenizer(spelling).input_ids
            if len(ids) == 1:
                embeddings[ids[0]] = direction + 0.3 * embeddings[ids[0]]


def _rotation(like: Tensor) -> Tensor:
    return nn.init.orthogonal_(torch.empty_like(like))
