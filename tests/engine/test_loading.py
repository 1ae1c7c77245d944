"""Adapters in the memory of vLLM's worker, over a hand-written manager."""

from typing import Any

import pytest

from molora.compat import mend_torch_companions

mend_torch_companions()

from vllm.lora.lora_model import LoRAModel  # noqa: E402

from molora.engine.loading import LoadingWorkerManager  # noqa: E402

pytestmark = pytest.mark.engine


class Manager:
    capacity = 2

    def __init__(self) -> None:
        self._registered_adapters: dict[int, Any] = {}

    def __len__(self) -> int:
        return len(self._registered_adapters)


def test_no_adapter_makes_room_for_another() -> None:
    worker = LoadingWorkerManager.__new__(LoadingWorkerManager)
    worker._adapter_manager = Manager()
    for number in (1, 2):
        worker._register(LoRAModel(number, 16, {}))
    with pytest.raises(ValueError, match="full with 2 adapters"):
        worker._register(LoRAModel(3, 16, {}))
    assert list(worker._adapter_manager._registered_adapters) == [1, 2]
