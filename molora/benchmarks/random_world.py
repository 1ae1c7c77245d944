"""A deployment for speed alone: a backbone of Qwen2-VL-2B's sizes, cut in depth, random adapters, an untrained head.

`molora bench random-world FOLDER`, then `molora bench load --config FOLDER/deployment.yaml`. Only the adapters are
written: vLLM makes the backbone's weights up as it starts (`load_format: dummy`).
"""

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict
from safetensors.torch import save_file
from torch import Tensor
from transformers import AutoModelForImageTextToText, PretrainedConfig

from molora.adapters.demo_build.training import LORA_TARGETS
from molora.benchmarks.backbones import Name, write_backbone
from molora.benchmarks.questions import KINDS
from molora.config import EncoderConfig
from molora.errors import ConfigError
from molora.router.encoders import build_encoder
from molora.router.head import Head, save_head
from molora.router.query import Query
from molora.router.training.network import HeadNetwork, Sizes


@dataclass(frozen=True)
class World:
    """What to make; `num_layers` and `side` as `write_backbone` takes them."""

    backbone: Name = Name.QWEN2_VL_2B
    num_experts: int = 4
    rank: int = 16
    num_layers: int = 4
    side: int = 448


def make_random_world(folder: Path, world: World, seed: int = 0) -> Path:
    """The path of the deployment. Raises ConfigError where an existing `folder` is not empty."""
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise ConfigError(f"{folder} is not empty")
    torch.manual_seed(seed)
    num_experts, rank = world.num_experts, world.rank
    config = write_backbone(folder / "backbone", world.backbone, world.num_layers, world.side)
    experts = [*KINDS, *(f"expert-{number}" for number in range(len(KINDS), num_experts))][:num_experts]
    write_adapters(folder, experts, rank, config)
    write_head(folder / "head.safetensors", experts)
    return write_deployment(folder / "deployment.yaml", experts, rank)


def write_adapters(folder: Path, experts: list[str], rank: int, config: PretrainedConfig) -> None:
    """Of every linear layer of the language model, with the norm of a trained one."""
    lora = LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=LORA_TARGETS)
    with torch.device("meta"):
        model = get_peft_model(AutoModelForImageTextToText.from_config(copy.deepcopy(config)), lora)
    shapes = {name: tensor.shape for name, tensor in get_peft_model_state_dict(model).items()}
    for name in experts:
        lora.save_pretrained(str(folder / name))
        save_file({key: _random(shape) for key, shape in shapes.items()}, folder / name / "adapter_model.safetensors")


def _random(shape: torch.Size) -> Tensor:
    return torch.randn(shape) * 0.02


def write_head(path: Path, experts: list[str]) -> None:
    encoder = build_encoder(EncoderConfig())
    dim = encoder.encode([Query("?")]).text.shape[1]
    weights = HeadNetwork(Sizes(dim, 0, 8, 64, len(experts)), 0.0).weights()
    weights["references"] = np.full((len(experts), 1, dim), dim**-0.5, dtype=np.float32)
    weights["known"] = weights["references"][0]
    weights["held"] = np.full(1, -1, dtype=np.float32)  # no question is strange
    save_head(Head(tuple(experts), encoder.digest, 1.0, weights, level=0.05, scale=0.01), path)


def write_deployment(path: Path, experts: list[str], rank: int) -> Path:
    options = {
        "load_format": "dummy",
        "enforce_eager": True,
        "kv_cache_memory_bytes": 2**28,
        "mm_processor_cache_gb": 0.25,
        "max_num_seqs": 64,
    }
    values: dict[str, Any] = {
        "engine": {
            "model": "./backbone",
            "dtype": "float32",
            "max_model_len": 1024,
            "max_lora_rank": rank,
            "options": options,
        },
        "experts": {name: {"adapter": f"./{name}", "description": "Random weights."} for name in experts},
        "router": {"head": "./head.safetensors"},
    }
    path.write_text(yaml.safe_dump(values, sort_keys=False))
    return path
