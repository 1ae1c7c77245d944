"""Sizes of the backbones that speed is measured with where their weights are not at hand.

Qwen2-VL-2B's are of Wang et al., 2024 (arXiv:2409.12191), Qwen3-VL-8B's of Bai et al., 2025 (arXiv:2511.21631).
"""

import json
import shutil
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from transformers import AutoConfig, PretrainedConfig

DEMO = Path(__file__).parents[1] / "adapters" / "demo" / "backbone"
MIN_PIXELS = 3136
"""Of a picture; a smaller one is enlarged."""


class Name(StrEnum):
    QWEN2_VL_2B = "qwen2-vl-2b"
    QWEN3_VL_8B = "qwen3-vl-8b"


@dataclass(frozen=True)
class Backbone:
    """What its config.json says; `is_tied`: its output layer is its embedding."""

    kind: str
    architecture: str
    processor: str
    text: dict[str, Any]
    vision: dict[str, Any]
    is_tied: bool


BACKBONES = {
    Name.QWEN2_VL_2B: Backbone(
        kind="qwen2_vl",
        architecture="Qwen2VLForConditionalGeneration",
        processor="Qwen2VLProcessor",
        text={
            "hidden_size": 1536,
            "intermediate_size": 8960,
            "num_attention_heads": 12,
            "num_key_value_heads": 2,
            "num_hidden_layers": 28,
            "vocab_size": 151936,
            "max_position_embeddings": 32768,
            "rms_norm_eps": 1e-6,
            "rope_parameters": {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [16, 24, 24]},
        },
        vision={"depth": 32, "embed_dim": 1280, "hidden_size": 1536, "mlp_ratio": 4, "num_heads": 16, "patch_size": 14},
        is_tied=True,
    ),
    Name.QWEN3_VL_8B: Backbone(
        kind="qwen3_vl",
        architecture="Qwen3VLForConditionalGeneration",
        processor="Qwen3VLProcessor",
        text={
            "hidden_size": 4096,
            "intermediate_size": 12288,
            "num_attention_heads": 32,
            "num_key_value_heads": 8,
            "head_dim": 128,
            "num_hidden_layers": 36,
            "vocab_size": 151936,
            "max_position_embeddings": 262144,
            "rms_norm_eps": 1e-6,
            "rope_parameters": {
                "rope_type": "default",
                "rope_theta": 5e6,
                "mrope_section": [24, 20, 20],
                "mrope_interleaved": True,
            },
        },
        vision={
            "depth": 27,
            "hidden_size": 1152,
            "intermediate_size": 4304,
            "num_heads": 16,
            "out_hidden_size": 4096,
            "num_position_embeddings": 2304,
            "deepstack_visual_indexes": [8, 16, 24],
            "patch_size": 16,
        },
        is_tied=False,
    ),
}


def write_backbone(folder: Path, name: Name, num_layers: int, side: int) -> PretrainedConfig:
    """The demo's tokenizer and template beside a configuration of other sizes; no weights.

    `num_layers` are those of the language model, and of the vision tower where it has more; 0 leaves both as they are.
    Pictures of more than `side` x `side` pixels are shrunk to as many.
    """
    backbone = BACKBONES[name]
    shutil.copytree(DEMO, folder, ignore=shutil.ignore_patterns("*.safetensors"))
    values = cut(backbone, num_layers)
    (folder / "config.json").write_text(json.dumps(values, indent=2))
    file = folder / "processor_config.json"
    file.write_text(json.dumps(_make_processor(backbone, json.loads(file.read_text()), side), indent=2))
    config: PretrainedConfig = AutoConfig.from_pretrained(folder)
    return config


def cut(backbone: Backbone, num_layers: int) -> dict[str, Any]:
    """A config.json, with the ids of the demo's special tokens."""
    demo = json.loads((DEMO / "config.json").read_text())
    tokens = {key: value for key, value in demo.items() if key.endswith("_token_id")}
    text_tokens = {key: value for key, value in demo["text_config"].items() if key.endswith("_token_id")}
    text, vision = dict(backbone.text), dict(backbone.vision)
    if num_layers:
        text["num_hidden_layers"] = num_layers
    if 0 < num_layers < vision["depth"]:
        vision["depth"] = num_layers
        feeding = vision.get("deepstack_visual_indexes", ())
        vision |= {"deepstack_visual_indexes": list(range(num_layers))[-len(feeding) :]} if feeding else {}
    return {
        "architectures": [backbone.architecture],
        "model_type": backbone.kind,
        "dtype": "bfloat16",
        "tie_word_embeddings": backbone.is_tied,
        **tokens,
        "text_config": {**text, **text_tokens, "tie_word_embeddings": backbone.is_tied},
        "vision_config": vision,
    }


def _make_processor(backbone: Backbone, values: dict[str, Any], side: int) -> dict[str, Any]:
    seen = {
        "patch_size": backbone.vision["patch_size"],
        "size": {"shortest_edge": MIN_PIXELS, "longest_edge": side * side},
    }
    image = values["image_processor"] | seen
    return values | {"image_processor": image, "processor_class": backbone.processor}
