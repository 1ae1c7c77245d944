"""Pictures -> vectors, by the vision side of a model on disk: a Qwen-VL's tower, CLIP or SigLIP."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from PIL import Image

from molora.router.encoders.digest import SETTINGS, digest_folder, digest_values, digest_weights
from molora.router.encoders.loading import load_config, load_image_processor, load_model, naming
from molora.router.encoders.qwen_vl import QWEN_VL, cut_layers
from molora.router.features import Floats
from molora.router.layers import to_unit_length

SIDE = 4
"""Cells along each side of a picture."""
CONTRASTIVE = ("clip", "siglip", "siglip2")


class Eye(Protocol):
    """Looks at pictures; `digest` is of all that shapes its numbers."""

    @property
    def digest(self) -> str: ...

    def look(self, pictures: Sequence[Image.Image]) -> Floats:
        """[len(pictures), dim], for at least one; each is as `fit` makes it."""
        ...


class QwenEye:
    """Of the first half of the vision tower (`tower.py`): its means over the cells of a 4 x 4 grid."""

    def __init__(self, model: Any, folder: Path) -> None:
        from molora.router.encoders.tower import cut_tower

        self._model, self._processor = model, load_image_processor(folder)
        cut_tower(model.visual)
        weights, settings = digest_weights(model.visual), digest_folder(folder, SETTINGS)
        self.digest = digest_values("qwen-vl", "half", SIDE, weights, settings)

    def look(self, pictures: Sequence[Image.Image]) -> Floats:
        import torch

        from molora.router.encoders.tower import average_cells

        inputs = self._processor(images=list(pictures), return_tensors="pt")
        with torch.inference_mode():
            seen = self._model.get_image_features(**inputs).pooler_output
        grids = (inputs["image_grid_thw"][:, 1:] // self._model.visual.spatial_merge_size).tolist()
        pooled = [average_cells(tokens, (high, wide), SIDE) for tokens, (high, wide) in zip(seen, grids, strict=True)]
        return np.stack([vector.numpy() for vector in pooled])


class ContrastiveEye:
    """CLIP (Radford et al. 2021, arXiv:2103.00020) or SigLIP (Zhai et al. 2023, arXiv:2303.15343): its picture
    embedding, of length 1."""

    def __init__(self, model: Any, folder: Path) -> None:
        model.text_model = None
        self._model, self._processor = model, load_image_processor(folder)
        self.digest = digest_values("contrastive", digest_weights(model), digest_folder(folder, SETTINGS))

    def look(self, pictures: Sequence[Image.Image]) -> Floats:
        import torch

        inputs = self._processor(images=list(pictures), return_tensors="pt")
        with torch.inference_mode():
            embedded = self._model.get_image_features(**inputs).pooler_output
        return to_unit_length(embedded.numpy())


def load_eye(folder: Path) -> Eye:
    """Of `router.encoder.image`. Raises ConfigError for a folder that holds no such model."""
    with naming("image", folder):
        config = load_config(folder)
        if config.model_type in CONTRASTIVE:
            return ContrastiveEye(load_model(folder, config), folder)
        if config.model_type not in QWEN_VL:
            served = ", ".join([*QWEN_VL, *CONTRASTIVE])
            raise ValueError(f"a model of type {config.model_type}; served: {served}")
        model = load_model(folder, cut_layers(config, 1))
        model.language_model = None  # the tower is all that is needed
        return QwenEye(model, folder)
