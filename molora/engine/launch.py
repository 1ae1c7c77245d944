"""vLLM's AsyncLLM brought up with the experts of a configuration, and down again."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from copy import deepcopy
from itertools import count
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from molora.compat import mend_torch_companions
from molora.config import Config
from molora.engine.interface import Adapter, Body, Completion, Residency, Stream, Version
from molora.engine.kernels import can_mix
from molora.engine.plugin import scheduler_name
from molora.engine.products import Costs
from molora.errors import BadRequest, ConfigError, Unavailable

POLL_S = 0.1
TOLD_S = 10.0
"""In which vLLM tells those who wait for an engine that it is dead."""
EXTENSION = "molora.engine.extension.AdapterExtension"
COMING = 1
"""Versions in memory beside those that answer: the one that is being added."""


class VllmEngine:
    """The engine of a deployment; vLLM is imported when it is made, and nothing runs before `start`.

    It may be started again after `stop`: an engine without versions, that gives none of the old numbers.
    """

    def __init__(self, config: Config) -> None:
        """Raises ConfigError for an engine configuration that vLLM does not accept."""
        _set_environment(config)
        mend_torch_companions()
        self._config = config
        self._vllm_config = make_vllm_config(config)
        self._client: Any = None
        self._chat: Any = None
        self._versions: Any = None
        self._pulse: Any = None
        self._numbers = count(1)

    async def start(self) -> None:
        from molora.engine.chat import build_chat
        from molora.engine.versions import Versions

        try:
            self._client = await self._launch()
            await self.beat()
        except (RuntimeError, Unavailable) as error:
            raise ConfigError(f"engine: {error}") from error
        await self._client.reset_mm_cache()  # of what it was profiled with
        self._chat = await asyncio.to_thread(build_chat, self._client, self._config.engine.model)
        self._versions = Versions(self._client, self._numbers)

    async def _launch(self) -> Any:
        """vLLM's AsyncLLM, made in a thread: the event loop goes on. Cancelled, it leaves no process behind."""
        from vllm.v1.engine.async_llm import AsyncLLM

        from molora.engine.liveness import Pulse, kill_engines

        self._pulse = Pulse()
        config, loggers = deepcopy(self._vllm_config), [lambda *_: self._pulse]
        making = asyncio.ensure_future(asyncio.to_thread(AsyncLLM.from_vllm_config, config, stat_loggers=loggers))
        try:
            return await asyncio.shield(making)
        except asyncio.CancelledError:
            while not making.done():
                kill_engines()
                await asyncio.wait([making], timeout=POLL_S)
            raise

    async def stop(self) -> None:
        if self._client is not None:
            await asyncio.to_thread(self._client.shutdown)
        self._client = self._chat = self._versions = None

    async def kill(self) -> None:
        from molora.engine.liveness import kill_engines

        kill_engines()
        if self._client is not None:
            await asyncio.wait([self._client.output_handler], timeout=TOLD_S)

    @property
    def num_steps(self) -> int:
        return self._pulse.num_steps if self._pulse else 0

    async def beat(self) -> None:
        from molora.engine.liveness import beat

        await self.check_health()
        await beat(self._client)

    async def check_health(self) -> None:
        if self._client is None or self._client.errored:
            raise Unavailable("the engine is not running")

    def parse(self, body: Body) -> Any:
        from molora.engine.chat import parse

        return parse(body)

    async def chat(self, request: Any, messages: Sequence[Body], gates: Mapping[str, float]) -> Completion | Stream:
        from molora.engine.chat import answer

        await self.check_health()
        check_gates(gates, self._versions.adapters(gates), self._vllm_config.lora_config.max_loras)
        adapters = self._versions.request(gates)
        with self._versions.entering(adapters):
            return await answer(self._chat, request, messages, adapters)

    async def load(self, adapter: Adapter) -> Version:
        await self.check_health()
        version: Version = await self._versions.load(adapter)
        return version

    def name(self, expert: str, version: Version | None) -> None:
        self._versions.name(expert, version)

    async def unload(self, version: Version) -> None:
        await self._versions.unload(version)

    def num_in_flight(self, version: Version) -> int:
        return int(self._versions.num_in_flight(version))

    async def residency(self) -> Residency:
        await self.check_health()
        now: Residency = await self._versions.residency()
        return now

    async def prompt_logprobs(self, messages: Sequence[Body], version: Version | None) -> list[tuple[int, float]]:
        from molora.engine.chat import read_prompt_logprobs
        from molora.engine.versions import lora_request

        return await read_prompt_logprobs(self._chat, messages, version and lora_request(version))


def check_gates(gates: Mapping[str, float], adapters: Mapping[str, Adapter], max_loras: int) -> None:
    """Raises BadRequest for a mixture that could never be scheduled, or that there are no kernels for."""
    if len(gates) > max_loras:
        raise BadRequest(
            f"{len(gates)} experts at once are more than the {max_loras} the engine holds", param="routing.gates"
        )
    if all(gate == 1 for gate in gates.values()) and len(gates) < 2:
        return
    if not can_mix():
        raise BadRequest("this server has no mixtures: it gives one expert, at full strength", param="routing.gates")
    for name in gates:
        if apart := adapters[name].apart:
            raise BadRequest(f"'{name}' cannot be mixed: it adapts {', '.join(apart)}", param="routing.gates")


def make_vllm_config(config: Config) -> Any:
    """vLLM's VllmConfig. Raises ConfigError, in vLLM's words for a value it does not accept."""
    from vllm.engine.arg_utils import AsyncEngineArgs

    check_options(config)
    try:
        made = AsyncEngineArgs(**engine_args(config)).create_engine_config()
    except (ValueError, TypeError, OSError) as error:
        raise ConfigError(f"engine: {_explain(error)}") from error
    if made.parallel_config.worker_extension_cls:
        raise ConfigError("engine.options.worker_extension_cls: Molora needs its own")
    made.parallel_config.worker_extension_cls = EXTENSION
    if can_mix():
        _ready_for_mixtures(made)
    return made


def _ready_for_mixtures(made: Any) -> None:
    if made.lora_config.fully_sharded_loras:
        raise ConfigError("engine.options.fully_sharded_loras: layers sharded so pass the gates by")
    if made.scheduler_config.scheduler_cls is None:
        made.scheduler_config.scheduler_cls = scheduler_name(made.scheduler_config.async_scheduling)


def _explain(error: Exception) -> str:
    """In one line."""
    if isinstance(error, ValidationError):
        return "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
    return " ".join(str(error).split())


def check_options(config: Config) -> None:
    """Raises ConfigError naming an option that vLLM does not know, or a cost that there is none of."""
    from vllm.engine.arg_utils import AsyncEngineArgs

    unknown = sorted(set(config.engine.options) - set(AsyncEngineArgs.__dataclass_fields__))
    if unknown:
        raise ConfigError(f"engine.options: unknown key '{unknown[0]}'")
    costs = (config.engine.options.get("additional_config") or {}).get("lora_costs", {})
    for name, cost in costs.items():
        if name not in Costs._fields or not isinstance(cost, int | float):
            known = ", ".join(Costs._fields)
            raise ConfigError(f"engine.options.additional_config.lora_costs.{name}: {known} are numbers")


def engine_args(config: Config) -> dict[str, Any]:
    """`options` come last: they win. Every expert has its place in memory: no request reads one from disk."""
    engine = config.engine
    slots = engine.max_loras or len(config.experts)
    most = len(config.experts) + (config.store.max_experts if config.store else 0)
    return {
        "model": engine.model,
        "served_model_name": "base",
        "dtype": engine.dtype,
        "max_model_len": engine.max_model_len,
        "enable_lora": True,
        "max_lora_rank": engine.max_lora_rank,
        "max_loras": slots,
        "max_cpu_loras": max(slots, most + COMING),
        "limit_mm_per_prompt": {"image": 4, "video": 0},
        **engine.options,
    }


def _set_environment(config: Config) -> None:
    """What vLLM and the hub's client only take from the environment; the operator's own values win."""
    os.environ.setdefault("VLLM_NO_USAGE_STATS", "1")
    if Path(config.engine.model).is_dir():
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
