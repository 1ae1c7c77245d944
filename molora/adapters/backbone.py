"""What admission needs to know of the backbone: its linear layers, and the names it goes by."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open

from molora.compat import mend_torch_companions
from molora.errors import ConfigError

WRAPPERS = ("base_model", "model", "language_model")
EMBEDDINGS = ("embed_tokens.weight", "pos_embed.weight")
"""Embeddings: two-dimensional as well, but no linear layers."""


@dataclass(frozen=True)
class Backbone:
    """`linears` maps canonical module names to (out, in); `names` are those that an adapter may declare as its base.

    Without weights, where the engine draws its own, only the configuration was read.
    """

    folder: Path
    names: frozenset[str]
    linears: Mapping[str, tuple[int, int]]
    num_parameters: int
    has_weights: bool


def read_backbone(model: str, names: Sequence[str] = ()) -> Backbone:
    """`model` is a folder, or a hub id whose snapshot is in the local cache; only headers of its weights are read.

    Raises ConfigError where there is no model to hold adapters against.
    """
    folder = _find(model)
    files = sorted(folder.glob("*.safetensors"))
    shapes = dict(shape for file in files for shape in _read_shapes(file)) if files else _configured_shapes(folder)
    matrices = {name: shape for name, shape in shapes.items() if _is_linear(name, shape)}
    linears = {canonical(name.removesuffix(".weight")): (rows, columns) for name, (rows, columns) in matrices.items()}
    if not linears:
        raise ConfigError(f"engine.model: no linear layers in {folder} to hold adapters against")
    known = frozenset(short_name(name) for name in (model, _declared_name(folder), *names) if name)
    return Backbone(folder, known, linears, sum(map(math.prod, shapes.values())), bool(files))


def canonical(module: str) -> str:
    """The name without the wrappers that PEFT, transformers of any age and the checkpoint put before it."""
    parts = module.split(".")
    while len(parts) > 1 and parts[0] in WRAPPERS:
        del parts[0]
    return ".".join(parts)


def short_name(model: str) -> str:
    """The last component of a path or hub id, in lower case."""
    return model.replace("\\", "/").rstrip("/").rpartition("/")[2].lower()


def _find(model: str) -> Path:
    if Path(model).is_dir():
        return Path(model)
    from huggingface_hub import snapshot_download

    try:
        wanted = ["*.safetensors", "config.json"]
        return Path(snapshot_download(model, local_files_only=True, allow_patterns=wanted, ignore_patterns=["*/*"]))
    except (OSError, ValueError) as error:
        raise ConfigError(f"engine.model: {model} is neither a folder nor in the hub's local cache: {error}") from None


def _read_shapes(file: Path) -> list[tuple[str, list[int]]]:
    try:
        with safe_open(file, framework="numpy") as tensors:
            return [(name, tensors.get_slice(name).get_shape()) for name in tensors.keys()]  # noqa: SIM118  # no mapping
    except (OSError, SafetensorError) as error:
        raise ConfigError(f"engine.model: {file}: cannot be read: {error}") from None


def _configured_shapes(folder: Path) -> dict[str, list[int]]:
    """Of the model that transformers makes of the configuration; none of its weights is made."""
    mend_torch_companions()
    import torch
    from transformers import AutoConfig, AutoModelForImageTextToText

    try:
        config = AutoConfig.from_pretrained(folder)
        with torch.device("meta"):
            model = AutoModelForImageTextToText.from_config(config)
    except (OSError, ValueError, KeyError) as error:
        raise ConfigError(f"engine.model: {folder}: cannot be read: {error}") from None
    return {name: list(tensor.shape) for name, tensor in model.state_dict().items()}


def _is_linear(name: str, shape: Sequence[int]) -> bool:
    return name.endswith(".weight") and len(shape) == 2 and not name.endswith(EMBEDDINGS)


def _declared_name(folder: Path) -> str | None:
    try:
        name = json.loads((folder / "config.json").read_text(encoding="utf-8")).get("_name_or_path")
    except FileNotFoundError:
        return None
    except (OSError, ValueError, AttributeError) as error:
        raise ConfigError(f"engine.model: {folder / 'config.json'}: cannot be read: {error}") from None
    return name if isinstance(name, str) else None
