"""vLLM's AsyncLLM brought up with the experts of a configuration, and down again."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from molora.compat import mend_torch_companions
from molora.config import Config
from molora.engine.adapter import read_adapter
from molora.engine.interface import Adapter, Body, Completion, Stream
from molora.engine.kernels import can_mix
from molora.engine.plugin import scheduler_name
from molora.engine.products import Costs
from molora.errors import BadRequest, ConfigError, Unavailable


class VllmEngine:
    """The engine of a deployment; vLLM is imported when it is made, and nothing runs before `start`."""

    def __init__(self, config: Config) -> None:
        """Raises ConfigError for an engine configuration that vLLM does not accept."""
        _set_environment(config)
        mend_torch_companions()
        self._config = config
        self._vllm_config = make_vllm_config(config)
        self._client: Any = None
        self._chat: Any = None
        self._adapters: dict[str, Adapter] = {}

    @property
    def adapters(self) -> Mapping[str, Adapter]:
        return self._adapters

    async def start(self) -> None:
        from vllm.v1.engine.async_llm import AsyncLLM

        from molora.engine.chat import build_chat

        try:
            self._client = AsyncLLM.from_vllm_config(self._vllm_config)
        except RuntimeError as error:
            raise ConfigError(f"engine: {error}") from error
        await self._client.reset_mm_cache()  # of what it was profiled with
        self._chat = await build_chat(self._client, self._config)
        self._adapters = {name: read_adapter(name, e.adapter) for name, e in self._config.experts.items()}

    async def stop(self) -> None:
        if self._client is not None:
            self._client.shutdown()
        self._client = self._chat = None

    async def check_health(self) -> None:
        if self._client is None or self._client.errored:
            raise Unavailable("the engine is not running")

    def parse(self, body: Body) -> Any:
        from molora.engine.chat import parse

        return parse(body)

    async def chat(self, request: Any, messages: Sequence[Body], gates: Mapping[str, float]) -> Completion | Stream:
        from molora.engine.chat import answer

        await self.check_health()
        check_gates(gates, self._adapters, self._vllm_config.lora_config.max_loras)
        return await answer(self._chat, request, messages, gates)


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
    return {
        "model": engine.model,
        "served_model_name": "base",
        "dtype": engine.dtype,
        "max_model_len": engine.max_model_len,
        "enable_lora": True,
        "max_lora_rank": engine.max_lora_rank,
        "max_loras": slots,
        "max_cpu_loras": max(slots, len(config.experts)),
        "limit_mm_per_prompt": {"image": 4, "video": 0},
        **engine.options,
    }


def _set_environment(config: Config) -> None:
    """What vLLM and the hub's client only take from the environment; the operator's own values win."""
    os.environ.setdefault("VLLM_NO_USAGE_STATS", "1")
    if Path(config.engine.model).is_dir():
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
