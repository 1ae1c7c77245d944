"""Tiny models with random weights, written to disk as transformers would read them."""

import json
import shutil
from pathlib import Path
from typing import Any

from molora.compat import mend_torch_companions
from tests.conftest import ROOT

DEMO = ROOT / "molora" / "adapters" / "demo" / "backbone"

SIZES: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 32,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "num_hidden_layers": 3,
}
VISION: dict[str, Any] = {"depth": 2, "num_heads": 2, "patch_size": 14}
ROPE = {"rope_type": "default", "rope_theta": 1e4, "mrope_section": [2, 3, 3]}
VISIONS: dict[str, dict[str, Any]] = {
    "qwen2_vl": {"embed_dim": 32, "hidden_size": 32},
    "qwen2_5_vl": {"hidden_size": 32, "out_hidden_size": 32, "intermediate_size": 32, "fullatt_block_indexes": [1]},
    "qwen3_vl": {
        "hidden_size": 32,
        "out_hidden_size": 32,
        "intermediate_size": 32,
        "deepstack_visual_indexes": [0],
        "num_position_embeddings": 64,
    },
}
"""By model type: each has its own names for the same few sizes."""
CONTRASTIVE: dict[str, dict[str, Any]] = {
    "clip": {
        "image_processor_type": "CLIPImageProcessor",
        "size": {"shortest_edge": 32},
        "crop_size": {"height": 32, "width": 32},
    },
    "siglip": {"image_processor_type": "SiglipImageProcessor", "size": {"height": 32, "width": 32}},
    "siglip2": {"image_processor_type": "Siglip2ImageProcessor", "patch_size": 16, "max_num_patches": 16},
}
"""By model type: its image processor."""


def make_qwen(folder: Path, kind: str, seed: int = 0) -> Path:
    """With the demo backbone's tokenizer and image processor, and its own configuration and weights."""
    mend_torch_companions()
    import torch
    from transformers import AutoConfig, AutoModelForImageTextToText

    shutil.copytree(DEMO, folder, ignore=shutil.ignore_patterns("*.safetensors"))
    text = SIZES | {"vocab_size": 768, "head_dim": 16, "rope_parameters": ROPE, "pad_token_id": 739}
    config = AutoConfig.for_model(kind, text_config=text, vision_config=VISION | VISIONS[kind])
    torch.manual_seed(seed)
    AutoModelForImageTextToText.from_config(config).save_pretrained(folder)
    return folder


def make_contrastive(folder: Path, kind: str, seed: int = 0) -> Path:
    mend_torch_companions()
    import torch
    from transformers import AutoConfig, AutoModel

    vision = SIZES | {"image_size": 32, "patch_size": 16, "num_patches": 16}
    text = SIZES | {"vocab_size": 64, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0, "projection_size": 32}
    config = AutoConfig.for_model(kind, text_config=text, vision_config=vision, **_projection(kind))
    torch.manual_seed(seed)
    AutoModel.from_config(config).save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text(json.dumps(CONTRASTIVE[kind]))
    return folder


def _projection(kind: str) -> dict[str, int]:
    return {"projection_dim": 16} if kind == "clip" else {}
