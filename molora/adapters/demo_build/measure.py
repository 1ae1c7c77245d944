"""How often a model answers exactly right, type by type, without a server: what `build-demo` prints when it is done."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from transformers import Qwen2VLForConditionalGeneration

from molora.adapters.demo_build.packing import Packer, conversation
from molora.adapters.demo_build.training import read
from molora.benchmarks.questions import Example, make_examples

UNSEEN_SEED = 1_000_003
"""Far from every seed the stages draw their scenes with."""


def measure(model: Qwen2VLForConditionalGeneration, packer: Packer, kinds: tuple[str, ...], num: int) -> float:
    """Share of `num` unseen scenes' questions whose greedy answer is exact."""
    examples = list(make_examples(UNSEEN_SEED, num, [kinds]))
    return sum(_num_right(model, packer, examples[start : start + 50]) for start in range(0, num, 50)) / num


@torch.inference_mode()
def _num_right(model: Qwen2VLForConditionalGeneration, packer: Packer, examples: Sequence[Example]) -> int:
    """Greedy decoding says the answer if, and only if, each of its tokens is the likeliest after those before it."""
    batch = packer.pack([[conversation(e.question.text, e.question.answer)] for e in examples]).to(model.device)
    hidden = read(model, packer, batch, [e.scene for e in examples])
    right = model.lm_head(hidden).argmax(-1) == batch.wanted
    rows = batch.at // batch.ids.shape[1]
    wrong_rows = set(rows[~right].tolist())
    return len(examples) - len(wrong_rows)
