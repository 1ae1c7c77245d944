"""A sentence-transformers model of static embeddings, run by compiled layers.

They take little beside what torch does between them, and a front that shares its cores with an engine finds nothing of
that in the processor's caches.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from molora.router import layers
from molora.router.features import Floats
from molora.router.layers import gelu, standardise, sum_rows, to_unit_length

Step = Callable[[Floats], Floats]
"""One module, from the vectors [n, any] of n texts to others."""
FIELD = "sentence_embedding"
"""What modules hand on to each other."""


class Lookup:
    """The mean of a row of `rows` [tokens, width] for each of a text's tokens, taken through `steps`."""

    def __init__(self, tokenizer: Any, rows: Floats, steps: Sequence[Step]) -> None:
        self._tokenizer, self._rows, self._steps = tokenizer, rows, steps

    def __call__(self, texts: Sequence[str]) -> Floats:
        """[len(texts), dim]; a text without tokens begins with zeros.

        They are tokenized one by one: a batch would wait for the tokenizer's threads.
        """
        spelled = [self._tokenizer.encode(text, add_special_tokens=False).ids for text in texts]
        vectors = np.empty((len(spelled), self._rows.shape[1]), dtype=np.float32)
        for vector, ids in zip(vectors, spelled, strict=True):
            vector[:] = sum_rows(self._rows, np.array(ids, dtype=np.int64), float(len(ids) or 1))
        for step in self._steps:
            vectors = step(vectors)
        return vectors


def make_lookup(model: Any) -> Lookup | None:
    """Of a SentenceTransformer; None for one that reads, or that does more than is known here."""
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding

    first, *others = model
    if not isinstance(first, StaticEmbedding) or model.default_prompt_name is not None:
        return None
    steps = [step for step in map(_make_step, others) if step is not None]
    return Lookup(first.tokenizer, _numbers(first.embedding.weight), steps) if len(steps) == len(others) else None


def _make_step(module: Any) -> Step | None:
    from sentence_transformers.sentence_transformer.modules import Dense, LayerNorm, Normalize

    if {getattr(module, f"module_{end}_name", FIELD) for end in ("input", "output")} != {FIELD}:
        return None
    if isinstance(module, LayerNorm):
        return _make_norm(module.norm)
    if isinstance(module, Dense):
        return _make_dense(module)
    return to_unit_length if isinstance(module, Normalize) else None


def _make_norm(norm: Any) -> Step:
    weight, bias = _numbers(norm.weight), _numbers(norm.bias)
    return lambda vectors: standardise(vectors, norm.eps, weight, bias)


def _make_dense(dense: Any) -> Step | None:
    activate, linear = _find_activation(dense.activation_function), _make_linear(dense.linear)
    if activate is None:
        return None
    if not dense.use_residual:
        return lambda vectors: activate(linear(vectors))
    residual = _make_linear(dense.residual) if hasattr(dense, "residual") else np.positive  # as wide as it was
    return lambda vectors: activate(linear(vectors)) + residual(vectors)


def _make_linear(linear: Any) -> Step:
    weight = _numbers(linear.weight)
    bias = np.zeros(len(weight), dtype=np.float32) if linear.bias is None else _numbers(linear.bias)
    return lambda vectors: layers.linear(vectors, weight, bias)


def _find_activation(function: Any) -> Step | None:
    from torch import nn

    if isinstance(function, nn.GELU):
        return gelu if function.approximate == "none" else None
    return {nn.Identity: np.positive, nn.Tanh: np.tanh}.get(type(function))


def _numbers(weight: Any) -> Floats:
    numbers: Floats = weight.detach().float().numpy()
    return numbers
