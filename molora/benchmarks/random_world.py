"""A deployment for speed alone: a backbone of Qwen2-VL-2B's sizes, cut in depth, random adapters, an untrained head.

`molora bench random-world FOLDER`, then `molora bench mixing --config FOLDER/deployment.yaml`. Only the adapters are
written: vLLM makes the backbone's weights up as it starts (`load_format: dummy`).
"""

import copy
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict
from safetensors.torch import save_file
from torch import Tensor
from transformers import AutoConfig, PretrainedConfig, Qwen2VLForConditionalGeneration

from molora.adapters.demo_build.training import LORA_TARGETS
from molora.benchmarks.questions import KINDS
from molora.config import EncoderConfig
from molora.router.encoders import build_encoder
from molora.router.head import Head, save_head
from molora.router.network import HeadNetwork, Sizes
from molora.router.query import Query

DEMO = Path(__file__).parents[1] / "adapters" / "demo" / "backbone"
TEXT = {
    "hidden_size": 1536,
    "intermediate_size": 8960,
    "num_attention_heads": 12,
    "num_key_value_heads": 2,
    "vocab_size": 151936,
    "max_position_embeddings": 32768,
}
"""Of Qwen2-VL-2B, as is `VISION` (Wang et al., 2024, arXiv:2409.12191)."""
ROPE = {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [16, 24, 24]}
VISION = {"embed_dim": 1280, "hidden_size": 1536, "mlp_ratio": 4, "num_heads": 16}


def make_random_world(folder: Path, num_experts: int, rank: int, num_layers: int, seed: int = 0) -> Path:
    """The path of the deployment. An existing `folder` must be empty: FileExistsError."""
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty")
    torch.manual_seed(seed)
    config = write_backbone(folder / "backbone", num_layers)
    experts = [*KINDS, *(f"expert-{number}" for number in range(len(KINDS), num_experts))][:num_experts]
    write_adapters(folder, experts, rank, config)
    write_head(folder / "head.safetensors", experts)
    return write_deployment(folder / "deployment.yaml", experts, rank)


def write_backbone(folder: Path, num_layers: int) -> PretrainedConfig:
    """The demo's tokenizer and templates beside a configuration of other sizes; no weights."""
    shutil.copytree(DEMO, folder, ignore=shutil.ignore_patterns("*.safetensors"))
    values = json.loads((DEMO / "config.json").read_text())
    text = {"num_hidden_layers": num_layers, "layer_types": ["full_attention"] * num_layers, "rope_parameters": ROPE}
    values["text_config"] |= TEXT | text
    values["vision_config"] |= VISION | {"depth": num_layers}
    (folder / "config.json").write_text(json.dumps(values, indent=2))
    config: PretrainedConfig = AutoConfig.from_pretrained(folder)
    return config


def write_adapters(folder: Path, experts: list[str], rank: int, config: PretrainedConfig) -> None:
    """Of every linear layer of the language model, with the norm of a trained one."""
    lora = LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=LORA_TARGETS)
    with torch.device("meta"):
        model = get_peft_model(Qwen2VLForConditionalGeneration(copy.deepcopy(config)), lora)
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
