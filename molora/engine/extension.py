"""What the server may ask of vLLM's workers about adapters, besides vLLM's own: `AsyncLLM.collective_rpc` by name."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, cast

from vllm.lora.request import LoRARequest

if TYPE_CHECKING:
    from molora.engine.loading import LoadingWorkerManager

logger = logging.getLogger(__name__)

LOADING = "loading"
READY = "ready"


class AdapterExtension:
    """Mixed into the worker's class by vLLM's `worker_extension_cls`."""

    model_runner: Any

    def begin_adapter_load(self, name: str, number: int, path: str) -> None:
        _manager(self).begin_load(LoRARequest(name, number, path))

    def end_adapter_load(self, number: int) -> str:
        """LOADING, READY, or why it failed; an exception here would end the engine."""
        try:
            return READY if _manager(self).end_load(number) else LOADING
        except Exception as error:  # noqa: BLE001
            logger.warning("adapter %d cannot be loaded: %s", number, error)
            return str(error) or type(error).__name__

    def adapter_residency(self) -> tuple[list[int], list[int], int]:
        """The fields of Residency, as vLLM can send them."""
        now = _manager(self).residency()
        return sorted(now.held), sorted(now.resident), now.num_evictions


def _manager(worker: AdapterExtension) -> LoadingWorkerManager:
    return cast("LoadingWorkerManager", worker.model_runner.lora_manager)
