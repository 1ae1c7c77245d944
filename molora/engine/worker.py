"""vLLM's worker with mixtures: it loads the adapters under them; a mixture takes no slot of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from vllm.lora.layers import LoRAMapping
from vllm.lora.model_manager import LoRAModelManager
from vllm.lora.request import LoRARequest
from vllm.utils.import_utils import resolve_obj_by_qualname

from molora.engine.gates import components
from molora.engine.kernels import kernels
from molora.engine.loading import LoadingWorkerManager
from molora.engine.mapping import GatedMapping


class MixtureWorkerManager(LoadingWorkerManager):
    @property
    def _manager_cls(self) -> type[LoRAModelManager]:
        """Of this platform."""
        manager: type[LoRAModelManager] = resolve_obj_by_qualname(kernels().manager)
        return manager

    def set_active_adapters(self, requests: set[LoRARequest], mapping: LoRAMapping | None) -> None:
        gated = None if mapping is None else GatedMapping.of(mapping, requests)
        super().set_active_adapters(set(_adapters(requests)), gated)

    def add_adapter(self, request: LoRARequest) -> bool:
        """As vLLM's; of a mixture, whether any of its adapters was new."""
        added = [super(MixtureWorkerManager, self).add_adapter(adapter) for adapter in _adapters([request])]
        return any(added)


def _adapters(requests: Iterable[LoRARequest]) -> Iterator[LoRARequest]:
    return (adapter for request in requests for adapter, _ in components(request))
