"""Two experts as one adapter for plain vLLM: what a mixture costs that has none at the time of the request.

Merged by concatenation, as by PEFT's `add_weighted_adapter(..., combination_type="cat")`, which wants the whole model.
"""

import json
from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

from molora.config import ADAPTER_FILES, Config
from molora.errors import ConfigError
from molora.files import replacing

LEVELS = (0.25, 0.5, 0.75)
"""Gates of the first of a pair, in order of names; the second has the rest."""
RANKS = (8, 16, 32, 64, 128, 256, 320, 512)
"""That vLLM knows."""
PATTERNS = ("rank_pattern", "alpha_pattern", "use_dora")


def name_merged(gates: Mapping[str, float]) -> str:
    return "_".join(f"{name}-{gates[name]:g}" for name in sorted(gates))


def nearest(gates: Mapping[str, float]) -> str:
    """The merged adapter whose level is nearest to the gates of two experts."""
    first, second = sorted(gates)
    level = min(LEVELS, key=lambda level: abs(level - gates[first] / sum(gates.values())))
    return name_merged({first: level, second: 1 - level})


def make_merged(config: Config, folder: Path) -> dict[str, Path]:
    """Of every pair of experts at each level; the folders by name."""
    adapters = {name: expert.adapter for name, expert in config.experts.items()}
    mixtures = [
        {first: level, second: 1 - level} for first, second in combinations(sorted(adapters), 2) for level in LEVELS
    ]
    return {name_merged(gates): merge(adapters, gates, folder / name_merged(gates)) for gates in mixtures}


def merge(adapters: Mapping[str, Path], gates: Mapping[str, float], folder: Path) -> Path:
    """The folder. Raises ConfigError for adapters that are not plain LoRA of the same layers."""
    from safetensors.torch import load_file, save_file

    settings = [_read_settings(adapters[name]) for name in gates]
    weights = [load_file(adapters[name] / ADAPTER_FILES[1]) for name in gates]
    if any(one.keys() != weights[0].keys() for one in weights):
        raise ConfigError(f"{' and '.join(gates)} adapt different layers: they cannot be merged")
    factors = [gate * scale(one) for gate, one in zip(gates.values(), settings, strict=True)]
    rank = sum(one["r"] for one in settings)
    told = settings[0] | {"r": rank, "lora_alpha": rank, "use_rslora": False}
    with replacing(folder / ADAPTER_FILES[0]) as unfinished:
        unfinished.write_text(json.dumps(told, indent=2))
    with replacing(folder / ADAPTER_FILES[1]) as unfinished:
        save_file({key: _concatenate(key, [one[key] for one in weights], factors) for key in weights[0]}, unfinished)
    return folder


def _read_settings(adapter: Path) -> dict[str, Any]:
    settings: dict[str, Any] = json.loads((adapter / ADAPTER_FILES[0]).read_text())
    for name in PATTERNS:
        if settings.get(name):
            raise ConfigError(f"{adapter} has a {name}: merging is for plain LoRA")
    return settings


def scale(settings: Mapping[str, Any]) -> float:
    """Of B A x."""
    divisor: float = settings["r"] ** (0.5 if settings.get("use_rslora") else 1)
    return float(settings["lora_alpha"] / divisor)


def _concatenate(key: str, tensors: Sequence[Any], factors: Sequence[float]) -> Any:
    """Along the rank; A takes the factors."""
    import torch

    if "lora_A" in key:
        return torch.cat([factor * tensor.float() for factor, tensor in zip(factors, tensors, strict=True)], dim=0)
    return torch.cat([tensor.float() for tensor in tensors], dim=1)


def merged_settings(config: Config, settings: Mapping[str, Any], num: int) -> dict[str, Any]:
    """Of an engine that holds so many of them, in slots of the rank of two experts."""
    wanted = 2 * config.engine.max_lora_rank
    rank = next((rank for rank in RANKS if rank >= wanted), None)
    if rank is None:
        raise ConfigError(f"two experts of rank {config.engine.max_lora_rank} are more than vLLM serves as one adapter")
    return {**settings, "max_loras": num, "max_cpu_loras": num, "max_lora_rank": rank}
