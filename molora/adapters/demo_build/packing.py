"""Many one-question conversations packed behind one picture, so that the picture is paid for once.

A row is the prefix `<|im_start|>user <picture>` and then turns, most of them
`question <|im_end|> <|im_start|>assistant answer <|im_end|>`.
A turn attends to the prefix and to itself alone, and its positions go on from the prefix: to the model such a turn is
the very conversation the chat template makes of it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import lru_cache
from itertools import zip_longest

import torch
from torch import Tensor
from transformers.models.qwen2.tokenization_qwen2 import Qwen2Tokenizer

from molora.adapters.demo_build.model import END, IMAGE, PAD, VISION_END, VISION_START
from molora.benchmarks.scenes import GRID

IMAGE_TOKENS = GRID * GRID


@dataclass(frozen=True)
class Turn:
    """What follows a picture: text given to the model, and text that it must say."""

    given: str
    said: str
    gaps: tuple[int, ...] = ()
    """Positions left empty before each token; none where there are more tokens than gaps."""


def conversation(question: str, answer: str) -> Turn:
    return Turn(f"{question}{END}\n<|im_start|>assistant\n", f"{answer}{END}")


def note(noted: str, value: str, gaps: tuple[int, ...] = ()) -> Turn:
    """A fact without the words of a conversation."""
    return Turn(f"{noted}\n", value, gaps)


@dataclass(frozen=True)
class Batch:
    """Packed rows. `at` is where in the flattened rows an answer token is predicted, `wanted` which: int64 [tokens]."""

    ids: Tensor
    """int64 [rows, length]"""
    positions: Tensor
    """int64 [3, rows, length]: temporal, row, column of Qwen2-VL's rotary embedding"""
    mask: Tensor
    """bool [rows, 1, length, length]: true where a token may look"""
    at: Tensor
    wanted: Tensor

    def to(self, device: torch.device) -> Batch:
        return Batch(*(getattr(self, field.name).to(device) for field in fields(self)))


class Packer:
    def __init__(self, tokenizer: Qwen2Tokenizer) -> None:
        self._pad = tokenizer.convert_tokens_to_ids(PAD)
        self._prefix = tokenizer(f"<|im_start|>user\n{VISION_START}{IMAGE * IMAGE_TOKENS}{VISION_END}").input_ids
        self._first_image = self._prefix.index(tokenizer.convert_tokens_to_ids(IMAGE))
        self._prefix_positions = self._place_prefix()

        @lru_cache(maxsize=200_000)
        def encode(text: str) -> list[int]:
            return list(tokenizer(text).input_ids)

        self._encode = encode

    @property
    def image_slice(self) -> slice:
        """Where a row's visual tokens stand."""
        return slice(self._first_image, self._first_image + IMAGE_TOKENS)

    def _place_prefix(self) -> Tensor:
        """A picture shares one temporal position; what follows goes on after its longest side. int64 [3, prefix]."""
        cells = torch.arange(IMAGE_TOKENS)
        picture = torch.stack([torch.zeros_like(cells), cells // GRID, cells % GRID]) + self._first_image
        before = torch.arange(self._first_image).expand(3, -1)
        after = (
            torch.arange(len(self._prefix) - self._first_image - IMAGE_TOKENS).expand(3, -1) + self._first_image + GRID
        )
        return torch.cat([before, picture, after], dim=1)

    def _encode_turn(self, turn: Turn) -> tuple[list[int], int, list[int]]:
        """Tokens of a turn, how many of them are given, and how far each stands from the one before it."""
        given = self._encode(turn.given)
        tokens = [*given, *self._encode(turn.said)]
        steps = [1 + gap for _, gap in zip_longest(tokens, turn.gaps[: len(tokens)], fillvalue=0)]
        return tokens, len(given), steps

    def pack(self, rows: list[list[Turn]]) -> Batch:
        encoded = [[self._encode_turn(turn) for turn in turns] for turns in rows]
        start = len(self._prefix)
        length = start + max(sum(len(ids) for ids, _, _ in turns) for turns in encoded)
        ids = torch.full((len(rows), length), self._pad)
        owner = torch.full((len(rows), length), -1)
        positions = torch.zeros(3, len(rows), length, dtype=torch.long)
        ids[:, :start], owner[:, :start] = torch.tensor(self._prefix), 0
        positions[:, :, :start] = self._prefix_positions[:, None]
        at: list[int] = []
        for row, turns in enumerate(encoded):
            cursor = start
            for number, (tokens, num_given, steps) in enumerate(turns, 1):
                end = cursor + len(tokens)
                ids[row, cursor:end], owner[row, cursor:end] = torch.tensor(tokens), number
                positions[:, row, cursor:end] = torch.tensor(steps).cumsum(0) + self._prefix_positions.max()
                at.extend(range(row * length + cursor + num_given - 1, row * length + end - 1))
                cursor = end
        where = torch.tensor(at)
        return Batch(ids, positions, _may_look(owner), where, ids.flatten()[where + 1])


def _may_look(owner: Tensor) -> Tensor:
    """owner int64 [rows, length], 0 for the prefix -> bool [rows, 1, length, length]."""
    length = owner.shape[1]
    shared = (owner[:, None, :] == 0) | (owner[:, None, :] == owner[:, :, None])
    return (shared & torch.ones(length, length, dtype=torch.bool).tril())[:, None]
