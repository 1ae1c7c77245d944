"""Lessons -> what the backbone takes: prompts of its own chat template and processor, the answers' tokens behind them.

A prompt is what the server makes of one user message; an expert's system prompt is not part of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from molora.router.joint.examples import Lesson
from molora.router.joint.losses import IGNORED


class Batch(NamedTuple):
    """Prompts are padded on the left, answers on the right: all answers begin at one place.

    `answers` int64 [batch, tokens], IGNORED where one has ended; `patches` int64 [batch], of all pictures of each.
    """

    inputs: dict[str, Tensor]
    answers: Tensor
    patches: Tensor

    def to(self, device: torch.device) -> Batch:
        inputs = {name: tensor.to(device) for name, tensor in self.inputs.items()}
        return Batch(inputs, self.answers.to(device), self.patches.to(device))


class Collator:
    """`processor` is the backbone's own; its tokenizer is set to pad on the left."""

    def __init__(self, processor: Any) -> None:
        self._processor, self._tokenizer = processor, processor.tokenizer
        self._tokenizer.padding_side = "left"

    def __call__(self, lessons: Sequence[Lesson]) -> Batch:
        pictures = [lesson.see() for lesson in lessons]
        prompts = self._prompt([lesson.question for lesson in lessons], pictures)
        answers = pad_sequence([self._spell(one.answer) for one in lessons], batch_first=True, padding_value=IGNORED)
        return Batch(self._append(prompts, answers), answers, _count_patches(prompts, [len(seen) for seen in pictures]))

    def _prompt(self, questions: Sequence[str], pictures: Sequence[tuple[Any, ...]]) -> dict[str, Tensor]:
        texts = [self._ask(question, len(seen)) for question, seen in zip(questions, pictures, strict=True)]
        flat = [picture for seen in pictures for picture in seen]
        return dict(self._processor(text=texts, images=flat or None, padding=True, return_tensors="pt"))

    def _ask(self, question: str, num_pictures: int) -> str:
        content = [*({"type": "image"} for _ in range(num_pictures)), {"type": "text", "text": question}]
        messages = [{"role": "user", "content": content}]
        return str(self._processor.apply_chat_template(messages, add_generation_prompt=True))

    def _spell(self, answer: str) -> Tensor:
        """Apart from the prompt, as the model says it: token by token, and then that it has ended."""
        return torch.tensor([*self._tokenizer(answer).input_ids, self._tokenizer.eos_token_id])

    def _append(self, prompts: dict[str, Tensor], answers: Tensor) -> dict[str, Tensor]:
        """To every input that has a number for each token; those of an answer are 0 but for its ids and the mask."""
        said = answers != IGNORED
        new = {"input_ids": answers.where(said, self._tokenizer.pad_token_id), "attention_mask": said}
        shape, nothing = prompts["input_ids"].shape, torch.zeros_like(answers)
        return {
            name: torch.cat([tensor, new.get(name, nothing).to(tensor.dtype)], 1) if tensor.shape == shape else tensor
            for name, tensor in prompts.items()
        }


def _count_patches(prompts: dict[str, Tensor], num_pictures: Sequence[int]) -> Tensor:
    if not any(num_pictures):
        return torch.zeros(len(num_pictures), dtype=torch.int64)
    each = torch.split_with_sizes(prompts["image_grid_thw"].prod(-1), list(num_pictures))
    return torch.stack([part.sum() for part in each])
