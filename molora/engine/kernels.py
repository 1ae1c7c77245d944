"""Which classes compute mixtures on this platform, by name: only a worker loads them."""

from __future__ import annotations

import os
from typing import NamedTuple


class Kernels(NamedTuple):
    """Qualified names: what linear layers call, and what keeps their weights."""

    wrapper: str
    manager: str


KERNELS = {
    "cpu": Kernels("molora.engine.gated_cpu.GatedCPU", "molora.engine.gated_cpu.CPUModelManager"),
    "cuda": Kernels("molora.engine.gated_gpu.GatedGPU", "molora.engine.gated_gpu.GPUModelManager"),
}
"""By vLLM's name of the platform."""


def can_mix() -> bool:
    """Not on other platforms, nor where the operator leaves LoRA to vLLM: `MOLORA_MIXTURES=0`."""
    from vllm.platforms import current_platform

    return current_platform.device_name in KERNELS and os.environ.get("MOLORA_MIXTURES") != "0"


def kernels() -> Kernels:
    """Raises KeyError where `can_mix` is false."""
    from vllm.platforms import current_platform

    return KERNELS[current_platform.device_name]
