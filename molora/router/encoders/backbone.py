"""A Qwen-VL backbone's own first layers read the text: its hidden state after a fixed one of them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from molora.router.encoders.digest import SETTINGS, digest_folder, digest_values, digest_weights
from molora.router.encoders.loading import load_config, load_model, naming
from molora.router.encoders.looking import LookingEncoder
from molora.router.encoders.pictures import QwenEye
from molora.router.encoders.qwen_vl import QWEN_VL, cut_layers
from molora.router.encoders.torch_thread import one_torch_thread
from molora.router.features import Features, text_only
from molora.router.query import Query

MAX_TOKENS = 512
BATCH = 32


class BackboneText:
    """The mean over a text's tokens of their states, each divided by its length first: in a language model a few
    tokens have states so large that they would be all that is left of the mean (Sun et al. 2024, arXiv:2402.17762).

    The text is read alone, without a chat's markup and without the pictures.
    """

    looks, quick = False, False

    def __init__(self, model: Any, folder: Path, layer: int) -> None:
        from torch import nn
        from transformers import AutoTokenizer

        self._language = model.language_model
        assert len(self._language.layers) == layer
        self._language.norm = nn.Identity()  # it belongs behind the last layer, and this is an earlier one
        self._tokenizer = AutoTokenizer.from_pretrained(folder, padding_side="right", local_files_only=True)
        weights, settings = digest_weights(self._language), digest_folder(folder, SETTINGS)
        self.digest = digest_values("backbone", layer, "mean of unit states", MAX_TOKENS, weights, settings)

    def encode(self, queries: Sequence[Query]) -> Features:
        import torch

        texts = [query.text or " " for query in queries]  # at least one token
        with one_torch_thread(), torch.inference_mode():
            parts = [self._encode(texts[start : start + BATCH]) for start in range(0, len(texts), BATCH)]
            return text_only(torch.cat(parts).numpy())

    def _encode(self, texts: list[str]) -> Any:
        import torch

        inputs = self._tokenizer(texts, padding=True, truncation=True, max_length=MAX_TOKENS, return_tensors="pt")
        mask = inputs["attention_mask"]
        states = self._language(input_ids=inputs["input_ids"], attention_mask=mask, use_cache=False).last_hidden_state
        units = torch.nn.functional.normalize(states, dim=-1) * mask[..., None]
        return units.sum(dim=1) / mask.sum(dim=1, keepdim=True)


def load_backbone(folder: Path, layer: int) -> LookingEncoder:
    """Its embeddings, its first `layer` layers and its vision tower. Raises ConfigError."""
    with naming("backbone", folder):
        config = load_config(folder)
        if config.model_type not in QWEN_VL:
            raise ValueError(f"a model of type {config.model_type}; served: {', '.join(QWEN_VL)}")
        model = load_model(folder, cut_layers(config, layer))
        return LookingEncoder(BackboneText(model, folder, layer), QwenEye(model, folder))
