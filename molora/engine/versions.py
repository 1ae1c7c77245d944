"""Adapters in the engine: numbered as they come, named when they shall answer, freed when nothing needs them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from vllm.lora.request import LoRARequest

from molora.engine.errors import without_paths
from molora.engine.extension import LOADING, READY
from molora.engine.gates import Mixtures, components
from molora.engine.interface import Adapter, Residency, Version
from molora.engine.liveness import unless_dead
from molora.errors import AdapterRefused, NotFound

POLL_S = 0.005


class Versions:
    """Over vLLM's AsyncLLM, under numbers that no other version was given. vLLM takes LoRA requests for equal by their
    names, so a version's name holds its number.

    Whatever asks the engine raises Unavailable if it is dead, or dies.
    """

    def __init__(self, client: Any, numbers: Iterator[int]) -> None:
        self._client = client
        self._numbers = numbers
        self._named: dict[str, Version] = {}
        self._mixtures = Mixtures()
        self._entering: Counter[int] = Counter()
        """Requests by version from their decision until vLLM has told its first token."""

    async def load(self, adapter: Adapter) -> Version:
        """Raises AdapterRefused for weights that vLLM refuses."""
        version = Version(adapter, next(self._numbers))
        request = lora_request(version)
        await self._ask("begin_adapter_load", request.lora_name, version.number, request.lora_path)
        state = await self._loaded(version.number)
        if state != READY:
            await self._remove(version)
            raise AdapterRefused(f"the engine refuses it: {without_paths(state)}")
        return version

    async def _loaded(self, number: int) -> str:
        """READY, or what the first worker to fail says; every worker has ended."""
        while LOADING in (states := await self._ask("end_adapter_load", number)):  # noqa: ASYNC110  # in other processes
            await asyncio.sleep(POLL_S)
        return next((state for state in states if state != READY), READY)

    def name(self, expert: str, version: Version | None) -> None:
        if version is None:
            self._named.pop(expert, None)
        else:
            self._named[expert] = version

    def adapters(self, gates: Mapping[str, float]) -> dict[str, Adapter]:
        """Raises NotFound for an expert that none is named after."""
        for expert in gates:
            if expert not in self._named:
                raise NotFound(f"the expert '{expert}' is not served any more", param="model", code="model_not_found")
        return {expert: self._named[expert].adapter for expert in gates}

    def request(self, gates: Mapping[str, float]) -> LoRARequest | None:
        return self._mixtures.request((lora_request(self._named[expert]), gate) for expert, gate in gates.items())

    @contextmanager
    def entering(self, request: LoRARequest | None) -> Iterator[None]:
        numbers = _numbers(request)
        self._entering.update(numbers)
        try:
            yield
        finally:
            self._entering.subtract(numbers)
            self._entering += Counter()

    def num_in_flight(self, version: Version) -> int:
        """Requests that vLLM answers with it, alone or in a mixture."""
        states = self._client.output_processor.request_states.values()
        return sum(version.number in _numbers(state.lora_request) for state in states)

    async def unload(self, version: Version) -> None:
        while self._is_needed(version) and not self._client.errored:  # noqa: ASYNC110  # vLLM's own
            await asyncio.sleep(POLL_S)
        await self._remove(version)

    def _is_needed(self, version: Version) -> bool:
        return bool(self._entering[version.number] or self.num_in_flight(version))

    async def _remove(self, version: Version) -> None:
        await unless_dead(self._client, self._client.remove_lora(version.number))

    async def residency(self) -> Residency:
        """What all workers have in common."""
        held, resident, evictions = zip(*await self._ask("adapter_residency"), strict=True)
        return Residency(_common(held), _common(resident), max(evictions))

    async def _ask(self, method: str, *args: Any) -> list[Any]:
        """One answer from each worker."""
        answers: list[Any] = await unless_dead(self._client, self._client.collective_rpc(method, args=args))
        return answers


def lora_request(version: Version) -> LoRARequest:
    return LoRARequest(f"{version.adapter.expert}#{version.number}", version.number, str(version.adapter.folder))


def expert_of(request: LoRARequest) -> str:
    return str(request.lora_name.rpartition("#")[0])


def _numbers(request: LoRARequest | None) -> list[int]:
    return [] if request is None else [adapter.lora_int_id for adapter, _ in components(request)]


def _common(sets: Iterable[list[int]]) -> frozenset[int]:
    return frozenset.intersection(*map(frozenset, sets))
