"""vLLM's scheduler, counting adapters against `max_loras` where vLLM would count mixtures."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

from vllm.config import VllmConfig
from vllm.v1.core.sched.async_scheduler import AsyncScheduler
from vllm.v1.core.sched.scheduler import Scheduler
from vllm.v1.request import Request

from molora.engine.gates import components

UNBOUNDED = 2**30


class MixtureScheduler(Scheduler):
    """Holds back a waiting request whose adapters do not fit beside those that run.

    vLLM asks `_handle_blocked_waiting_request` of every request before it would count; its own count is made to pass.
    """

    def __init__(self, vllm_config: VllmConfig, *args: Any, **kwargs: Any) -> None:
        super().__init__(vllm_config, *args, **kwargs)
        self._held: set[int] = set()
        self._num_seen = 0
        if vllm_config.lora_config is not None:
            self._max_adapters = int(vllm_config.lora_config.max_loras)
            self.lora_config = copy.copy(vllm_config.lora_config)
            self.lora_config.max_loras = UNBOUNDED

    def schedule(self, *args: Any, **kwargs: Any) -> Any:
        self._held, self._num_seen = set(), 0
        return super().schedule(*args, **kwargs)

    def _handle_blocked_waiting_request(self, request: Request) -> bool:
        if request.lora_request is not None and not self._fits(request):
            return False
        return bool(super()._handle_blocked_waiting_request(request))

    def _fits(self, request: Request) -> bool:
        self._held |= adapter_ids(self.running[self._num_seen :])  # it grows by those admitted in this step
        self._num_seen = len(self.running)
        return len(self._held | adapter_ids([request])) <= self._max_adapters


def adapter_ids(requests: Iterable[Request]) -> set[int]:
    named = (request.lora_request for request in requests if request.lora_request is not None)
    return {adapter.lora_int_id for one in named for adapter, _ in components(one)}


class AsyncMixtureScheduler(MixtureScheduler, AsyncScheduler):
    """The same over vLLM's asynchronous scheduling."""
