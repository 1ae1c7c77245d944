"""Static embeddings run by compiled layers, held against sentence-transformers' own modules."""

from typing import Any

import numpy as np
import pytest

from molora.compat import mend_torch_companions
from molora.router.distill.teacher import packaged_teacher
from molora.router.encoders.lookup import make_lookup
from molora.router.encoders.sbert import PACKAGED

mend_torch_companions()

from sentence_transformers import SentenceTransformer  # noqa: E402
from sentence_transformers.sentence_transformer.modules import (  # noqa: E402
    Dense,
    LayerNorm,
    Normalize,
    StaticEmbedding,
)
from tokenizers import Tokenizer  # noqa: E402
from torch import Generator, nn, no_grad  # noqa: E402

TEXTS = ["How many red boxes are there?", "Who?", "", "\u20ac \u4e16 0x7f?", "where " * 700]
WIDTH = 8


def load(folder: Any) -> SentenceTransformer:
    return SentenceTransformer(str(folder), device="cpu", local_files_only=True)


def make_model(*modules: Any, **settings: Any) -> SentenceTransformer:
    """Weights are drawn, those that torch sets to one or zero too."""
    tokenizer = Tokenizer.from_file(str(PACKAGED / "tokenizer.json"))
    rows = np.zeros((tokenizer.get_vocab_size(), WIDTH), dtype=np.float32)
    model = SentenceTransformer(modules=[StaticEmbedding(tokenizer, embedding_weights=rows), *modules], **settings)
    draws = Generator().manual_seed(0)
    with no_grad():
        for weight in model.parameters():
            weight.normal_(generator=draws)
    return model


def read(model: SentenceTransformer) -> Any:
    return model.encode(TEXTS, convert_to_numpy=True, show_progress_bar=False)


def test_the_packaged_encoder_says_what_torch_says():
    model = load(PACKAGED)
    lookup = make_lookup(model)
    assert lookup is not None
    vectors = lookup(TEXTS)
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(TEXTS), 192)
    np.testing.assert_allclose(vectors, read(model), atol=1e-6)
    assert lookup([]).shape == (0, 192)


@pytest.mark.parametrize(
    "modules",
    [
        [],
        [Normalize()],
        [LayerNorm(WIDTH)],
        [Dense(WIDTH, 5)],
        [Dense(WIDTH, 5, bias=False, activation_function=None)],
        [Dense(WIDTH, 5, activation_function=nn.GELU(), use_residual=True)],
        [LayerNorm(WIDTH), Dense(WIDTH, WIDTH, activation_function=nn.GELU(), use_residual=True), Dense(WIDTH, 3)],
    ],
)
def test_every_module_that_is_known_says_what_torch_says(modules: list[Any]):
    model = make_model(*modules)
    lookup = make_lookup(model)
    assert lookup is not None
    np.testing.assert_allclose(lookup(TEXTS), read(model), atol=1e-5)


@pytest.mark.parametrize(
    "module",
    [
        Dense(WIDTH, 5, activation_function=nn.ReLU()),
        Dense(WIDTH, 5, activation_function=nn.GELU(approximate="tanh")),
        Dense(WIDTH, 5, module_output_name="other"),
        nn.Dropout(),
    ],
)
def test_a_model_that_does_more_is_left_to_torch(module: Any):
    assert make_lookup(make_model(module)) is None


def test_a_model_that_reads_or_prompts_is_left_to_torch():
    assert make_lookup(load(packaged_teacher())) is None
    assert make_lookup(make_model(prompts={"query": "query: "}, default_prompt_name="query")) is None
