"""What an adapter's folder tells before vLLM loads it."""

import hashlib
from pathlib import Path

from safetensors import SafetensorError, safe_open

from molora.engine.interface import Adapter
from molora.errors import ConfigError

WEIGHTS = "adapter_model.safetensors"
APART = ("lm_head", "embed_tokens", ".experts")
"""Modules that vLLM adapts by other kernels than linear layers: those know one adapter a row, and no gates."""


def read_adapter(expert: str, folder: Path) -> Adapter:
    """Raises ConfigError for weights that cannot be read."""
    weights = folder / WEIGHTS
    try:
        with weights.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        with safe_open(weights, framework="numpy") as tensors:
            names = list(tensors.keys())
    except (OSError, SafetensorError) as error:
        raise ConfigError(f"experts.{expert}.adapter: {weights}: cannot be read: {error}") from None
    apart = {module.strip(".") for module in APART if any(module in name for name in names)}
    return Adapter(expert, digest, "ready", tuple(sorted(apart)))
