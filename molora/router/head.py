"""The router's head: a small network over the encoder's features beside a linear one over hashed n-grams.

Wide and deep, as in Cheng et al. 2016 (arXiv:1606.07792): the deep half generalises over wordings and pictures, the
wide half remembers wordings. Here it is as served, by compiled layers; `training/network.py` is the same to be
trained.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from molora.errors import ConfigError
from molora.files import replacing
from molora.router.features import Features, Floats
from molora.router.layers import gelu, linear, standardise, sum_rows
from molora.router.ngrams import hash_ngrams

FORMAT = "molora-router-head-4"
HEAD_FILE = "head.safetensors"
"""What it is called beside the adapters that learned with it."""
NORM_EPS = 1e-5
SHAPES = {
    "text.norm.weight": ("text",),
    "text.norm.bias": ("text",),
    "text.projection.weight": ("hidden", "text"),
    "text.projection.bias": ("hidden",),
    "hidden.weight": ("hidden", "hidden"),
    "hidden.bias": ("hidden",),
    "output.weight": ("classes", "hidden"),
    "output.bias": ("classes",),
    "wide.weight": ("buckets", "classes"),
    "references": ("classes", "references", "text"),
    "known": ("known", "text"),
    "held": ("held",),
}
"""Every tensor of a head; a name stands for the same size wherever it is."""
IMAGE_SHAPES = {
    "image.norm.weight": ("image",),
    "image.norm.bias": ("image",),
    "image.projection.weight": ("hidden", "image"),
    "image.projection.bias": ("hidden",),
    "absent": ("hidden",),
}
"""Those that come with an encoder that looks at pictures; `absent` stands where a query has none."""
NUMBERS = ("calibration", "level", "scale")


@dataclass(frozen=True)
class Head:
    """`calibration` is the temperature that fits its probabilities to held-out questions (Guo et al. 2017).

    An expert that it was not trained on is as likely as all others together where its score (`newcomers.py`) is
    `level`, and `scale` more makes it e times as likely. `references` are questions of each class, `known` are
    questions of any, all of length 1, and `held` is how near to `known` held-out ones are (`typicality.py`).
    """

    classes: tuple[str, ...]
    encoder_digest: str
    calibration: float
    weights: Mapping[str, Floats]
    level: float
    scale: float

    @property
    def looks(self) -> bool:
        """Whether it has a part for pictures, as it has for an encoder that looks at them."""
        return "absent" in self.weights

    def logits(self, features: Features, texts: Sequence[str]) -> Floats:
        """[len(texts), len(classes)], of the queries' features and texts."""
        return self._deep(features) + self._wide(texts)

    def _deep(self, features: Features) -> Floats:
        joined = self._project("text", features.text)
        if self.looks:
            image = self._project("image", features.image)
            joined = joined + np.where(features.seen[:, None], image, self.weights["absent"])
        return self._linear("output", gelu(self._linear("hidden", gelu(joined))))

    def _project(self, part: str, vectors: Floats) -> Floats:
        scale, shift = self.weights[f"{part}.norm.weight"], self.weights[f"{part}.norm.bias"]
        return self._linear(f"{part}.projection", standardise(vectors, NORM_EPS, scale, shift))

    def _linear(self, name: str, x: Floats) -> Floats:
        return linear(x, self.weights[f"{name}.weight"], self.weights[f"{name}.bias"])

    def _wide(self, texts: Sequence[str]) -> Floats:
        table = self.weights["wide.weight"]
        hashed = [np.array(hash_ngrams(text, len(table)), dtype=np.int64) for text in texts]
        return np.stack([sum_rows(table, buckets, math.sqrt(len(buckets))) for buckets in hashed])


def save_head(head: Head, path: Path) -> None:
    """In half precision, and whole or not at all; the folder is made where there is none."""
    metadata = {
        "format": FORMAT,
        "classes": json.dumps(head.classes),
        "encoder": head.encoder_digest,
        **{name: repr(getattr(head, name)) for name in NUMBERS},
    }
    with replacing(path) as unfinished:
        save_file({name: weight.astype(np.float16) for name, weight in head.weights.items()}, unfinished, metadata)


def load_head(path: Path) -> Head:
    """`path` is its file, or the folder of `molora router tune --stage 3` that it is in. Raises ConfigError that names
    the file when it is no head."""
    path = path / HEAD_FILE if path.is_dir() else path
    try:
        with safe_open(path, framework="numpy") as file:
            metadata: dict[str, str] = file.metadata() or {}
            weights = {name: file.get_tensor(name).astype(np.float32) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise ConfigError(f"router.head: {path}: cannot be read: {error}") from None
    if metadata.get("format") != FORMAT:
        raise ConfigError(f"router.head: {path}: no {FORMAT}: make it with this version's `molora router train`")
    try:
        numbers = {name: float(metadata[name]) for name in NUMBERS}
        head = Head(tuple(json.loads(metadata["classes"])), metadata["encoder"], weights=weights, **numbers)
    except (KeyError, ValueError, TypeError) as error:
        raise ConfigError(f"router.head: {path}: broken metadata: {error}") from None
    _check(head, path)
    return head


def _check(head: Head, path: Path) -> None:
    """Tensors are all there, fit together and are finite."""
    sizes = {"classes": len(head.classes)}
    for name, dims in (SHAPES | IMAGE_SHAPES if IMAGE_SHAPES.keys() & head.weights else SHAPES).items():
        weight = head.weights.get(name)
        if weight is None or weight.ndim != len(dims) or not np.isfinite(weight).all():
            raise ConfigError(f"router.head: {path}: {name} is missing, misshapen or not finite")
        for dim, size in zip(dims, weight.shape, strict=True):
            if sizes.setdefault(dim, size) != size:
                raise ConfigError(f"router.head: {path}: {name} has {size} {dim}, expected {sizes[dim]}")
    if not np.isfinite(head.level):
        raise ConfigError(f"router.head: {path}: level is {head.level}")
    for name in ("calibration", "scale"):
        if not (np.isfinite(getattr(head, name)) and getattr(head, name) > 0):
            raise ConfigError(f"router.head: {path}: {name} is {getattr(head, name)}")
