"""A deployment's backbone and adapters, and a head of its router, made ready for joint training."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from molora.adapters.backbone import read_backbone
from molora.compat import mend_torch_companions
from molora.config import EncoderConfig, EngineConfig
from molora.errors import ConfigError
from molora.router.encoders import OnChunk, build_encoder
from molora.router.head import Head
from molora.router.joint.adapters import read_adapter
from molora.router.joint.batches import Collator
from molora.router.joint.examples import Lesson
from molora.router.joint.gated import GatedMixture
from molora.router.joint.parts import Material, Parts
from molora.router.joint.tuned import Tuned
from molora.router.scoring import check_encoder
from molora.router.training.examples import encode_samples
from molora.router.training.network import HeadNetwork


def load_parts(engine: EngineConfig, tuned: Tuned, device: torch.device) -> Parts:
    """Raises ConfigError for what cannot be read."""
    backbone = read_backbone(engine.model, engine.names)
    if not backbone.has_weights:
        raise ConfigError(f"engine.model: {backbone.folder} has no weights")
    read = [read_adapter(folder, backbone, engine.max_lora_rank) for folder in tuned.adapters.values()]
    model, processor = load_backbone(backbone.folder, device)
    network = HeadNetwork.from_head(tuned.head).to(device)
    return Parts(network, GatedMixture(model, read), Collator(processor), tuned.head.calibration, device)


def load_material(section: EncoderConfig, head: Head, lessons: Sequence[Lesson], on_chunk: OnChunk) -> Material:
    """Raises ConfigError for a head that was trained on another encoder."""
    encoder = build_encoder(section)
    check_encoder(encoder, head)
    return Material(lessons, encode_samples(encoder, [lesson.sample for lesson in lessons], on_chunk))


def find_device(name: str) -> torch.device:
    """Raises ConfigError for a device that is not there."""
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ConfigError(f"--device {name}: {str(error).splitlines()[0]}") from None
    return device


def load_backbone(folder: Path, device: torch.device) -> tuple[Any, Any]:
    """Model and processor: in bfloat16 on a GPU, else in float32."""
    mend_torch_companions()
    from transformers import AutoModelForImageTextToText, AutoProcessor
    from transformers.utils import logging

    logging.disable_progress_bar()
    dtype = torch.bfloat16 if device.type == "cuda" else torch.float32
    try:
        processor = AutoProcessor.from_pretrained(folder)
        model = AutoModelForImageTextToText.from_pretrained(folder, dtype=dtype).to(device)
    except (OSError, ValueError, KeyError) as error:
        raise ConfigError(f"engine.model: {folder}: cannot be read: {error}") from None
    return model, processor
