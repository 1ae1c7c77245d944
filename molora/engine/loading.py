"""vLLM's worker, loading adapters beside its steps: disk, checks and packing in a thread of their own."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import torch
from torch import Tensor
from vllm.lora.lora_model import LoRAModel
from vllm.lora.lora_weights import LoRALayerWeights
from vllm.lora.request import LoRARequest
from vllm.lora.worker_manager import LRUCacheWorkerLoRAManager

from molora.engine.interface import Residency

NICENESS = 10


class LoadingWorkerManager(LRUCacheWorkerLoRAManager):
    """Adapters come into memory by `begin_load` and `end_load`, and into a slot only when a step needs them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._loading: dict[int, Future[LoRAModel]] = {}
        self._thread = ThreadPoolExecutor(1, "molora-loading", initializer=_step_back)
        self._num_evictions = 0

    def begin_load(self, request: LoRARequest) -> None:
        self._loading[request.lora_int_id] = self._thread.submit(self._prepare, request)

    def end_load(self, number: int) -> bool:
        """False while it lasts. Raises what reading the adapter raised, ValueError for one that cannot be served."""
        if number not in self._loading:
            return True
        if not self._loading[number].done():
            return False
        self._register(self._loading[number].result())
        del self._loading[number]
        return True

    def remove_adapter(self, number: int) -> bool:
        self._loading.pop(number, None)
        removed: bool = super().remove_adapter(number)
        return removed

    def residency(self) -> Residency:
        resident = (number for number in self._adapter_manager.lora_index_to_id if number is not None)
        return Residency(frozenset(self.list_adapters()), frozenset(resident), self._num_evictions)

    def _prepare(self, request: LoRARequest) -> LoRAModel:
        lora = self._load_adapter(request)
        check_finite(lora)
        self._adapter_manager._create_merged_loras_inplace(lora)  # noqa: SLF001  # see internals.py
        if unknown := sorted(set(lora.loras) - set(self._adapter_manager.modules)):
            raise ValueError(f"{unknown[0]} is not adapted by this engine")
        return lora

    def _register(self, lora: LoRAModel) -> None:
        """Raises ValueError where another would have to go: a request would then read that one from disk, in a step."""
        manager = self._adapter_manager
        if len(manager) >= manager.capacity:
            raise ValueError(f"the engine's memory is full with {manager.capacity} adapters")
        manager._registered_adapters[lora.id] = lora  # noqa: SLF001  # see internals.py

    def _apply_adapters(self, requests: set[LoRARequest]) -> None:
        """Those in a slot first, so that none of them loses it to one that comes."""
        resident = self.residency().resident
        coming = sum(request.lora_int_id not in resident for request in requests)
        self._num_evictions += max(0, len(resident) + coming - self._adapter_manager.lora_slots)
        super()._apply_adapters(sorted(requests, key=lambda request: request.lora_int_id not in resident))


def _step_back() -> None:
    """The cores are for the steps. On Linux a thread has its own niceness."""
    torch.set_num_threads(1)
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


def check_finite(lora: LoRAModel) -> None:
    """Raises ValueError: where all slots are multiplied at once, one such weight would reach every row."""
    for name, layer in lora.loras.items():
        if not all(tensor.isfinite().all() for tensor in _tensors(layer)):
            raise ValueError(f"{name} has LoRA weights that are not finite")


def _tensors(layer: LoRALayerWeights) -> Iterator[Tensor]:
    """A layer packed with others has a list of each, with None where the adapter leaves one out."""
    for weights in (layer.lora_a, layer.lora_b):
        yield from (w for w in (weights if isinstance(weights, list) else [weights]) if w is not None)
