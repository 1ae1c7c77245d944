"""A deployment's configuration as vLLM's."""

import os
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from molora.config import Config
from molora.engine.kernels import can_mix
from molora.engine.plugin import scheduler_name
from molora.engine.products import Costs
from molora.errors import ConfigError

EXTENSION = "molora.engine.extension.AdapterExtension"
BACKEND = "guidance"
COMING = 1
"""Versions in memory beside those that answer: the one that is being added."""


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
    _bound_steps(made.structured_outputs_config)
    if can_mix():
        _ready_for_mixtures(made)
    return made


def _bound_steps(outputs: Any) -> None:
    """Schemas mean what they mean to vLLM's other backends: an object has the properties they name."""
    if outputs.backend not in ("auto", BACKEND):
        raise ConfigError(f"engine.options.structured_outputs_config.backend: only {BACKEND} bounds the time of a step")
    if outputs.backend == "auto":
        outputs.backend, outputs.disable_additional_properties = BACKEND, True


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
        "limit_mm_per_prompt": {"image": config.media.max_images, "video": 0},
        **engine.options,
    }


def set_environment(config: Config) -> None:
    """What vLLM and the hub's client only take from the environment; the operator's own values win."""
    os.environ.setdefault("VLLM_NO_USAGE_STATS", "1")
    if Path(config.engine.model).is_dir():
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
    if protocol := os.environ.get("OTEL_EXPORTER_OTLP_PROTOCOL"):
        os.environ.setdefault("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", protocol)  # all that vLLM reads of it
