"""LoRA adapters in PEFT's format, as torch tensors: read, and written anew once they have been trained further."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from molora.adapters.backbone import Backbone
from molora.adapters.check import CONFIG, WEIGHTS, Refused, check_weights
from molora.adapters.check_weights import NAME
from molora.errors import ConfigError

Halves = tuple[Tensor, Tensor]
"""A [rank, in] and B [out, rank]."""


@dataclass(frozen=True)
class Adapter:
    """`layers` have the names that the file gives them. B A counts `scaling` times."""

    folder: Path
    scaling: float
    layers: Mapping[str, Halves]


def read_adapter(folder: Path, backbone: Backbone, max_rank: int) -> Adapter:
    """In float32. Raises ConfigError for one that the server would not admit."""
    from safetensors.torch import load_file

    try:
        check_weights(folder, backbone, max_rank=max_rank, tower=True)
    except Refused as refused:
        raise ConfigError(f"{folder}: {refused.message}") from None
    weights = {name: tensor.float() for name, tensor in load_file(folder / WEIGHTS).items()}
    modules = sorted({match[1] for name in weights if (match := NAME.fullmatch(name))})
    layers = {module: (weights[_key(module, "A")], weights[_key(module, "B")]) for module in modules}
    return Adapter(folder, _read_scaling(folder / CONFIG), layers)


def _read_scaling(file: Path) -> float:
    """That of LoRA (Hu et al. 2021, arXiv:2106.09685), or rank-stabilised (Kalajdzievski 2023, arXiv:2312.03732)."""
    config = json.loads(file.read_text(encoding="utf-8"))
    rank: int = config["r"]
    return float(config["lora_alpha"]) / (rank**0.5 if config.get("use_rslora") else rank)


def write_adapter(adapter: Adapter, folder: Path) -> None:
    """A new folder: the configuration of the one that was read, and the weights under the same names, in float32."""
    from safetensors.torch import save_file

    folder.mkdir(parents=True)
    shutil.copyfile(adapter.folder / CONFIG, folder / CONFIG)
    halves = {
        _key(module, half): tensor.detach().float().cpu().contiguous()
        for module, both in adapter.layers.items()
        for half, tensor in zip("AB", both, strict=True)
    }
    save_file(halves, folder / WEIGHTS, {"format": "pt"})


def _key(module: str, half: str) -> str:
    return f"base_model.model.{module}.lora_{half}.weight"
