"""The part of admission that reads adapter_config.json: only plain LoRA, as vLLM computes it, is let in."""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeGuard

from molora.adapters.backbone import short_name
from molora.adapters.wording import shown

MAX_BYTES = 1 << 20

INITS = ("gaussian", "eva", "orthogonal", "mica")
"""These begin from special A and B and leave the backbone's weights as they are; those of other names change both."""

REASONS = {
    "alora_invocation_tokens": "activated LoRA is not served",
    "alpha_pattern": "every module must have the same scaling",
    "arrow_config": "Arrow's routing is not served",
    "fan_in_fan_out": "the backbone's layers are not transposed",
    "kasa_config": "KaSA changes the backbone's weights",
    "layer_replication": "the backbone's layers are not replicated",
    "lora_bias": "biases are not served",
    "modules_to_save": "whole modules are not served, only LoRA weights",
    "rank_pattern": "every module must have the same rank",
    "target_parameters": "only linear layers are adapted",
    "trainable_token_indices": "embeddings are not adapted",
    "use_bdlora": "block-diagonal LoRA is not served",
    "use_dora": "DoRA is not served",
    "use_qalora": "QALoRA is not served",
}

CHECKED = {"base_model_name_or_path", "bias", "init_lora_weights", "lora_alpha", "peft_type", "r", "use_rslora"}
HARMLESS = {
    "auto_mapping",
    "eva_config",
    "exclude_modules",
    "inference_mode",
    "layers_pattern",
    "layers_to_transform",
    "lora_dropout",
    "megatron_core",
    "peft_version",
    "qalora_group_size",
    "revision",
    "target_modules",
    "task_type",
}
"""Fields about training, or about which modules have weights, which the weights themselves tell."""


def config_faults(file: Path, names: frozenset[str], max_rank: int) -> tuple[list[str], int | None]:
    """The faults, and the rank where the file tells one."""
    try:
        config = _read(file)
    except RecursionError:
        return [f"{file.name} is nested too deeply"], None
    except ValueError as error:
        return [f"{file.name} {error}"], None
    faults = [*_form_faults(config), *_rank_faults(config, max_rank), *_base_faults(config, names)]
    return faults, config["r"] if _is_rank(config.get("r")) else None


def _read(file: Path) -> dict[str, Any]:
    with file.open("rb") as stream:
        text = stream.read(MAX_BYTES + 1)
    if len(text) > MAX_BYTES:
        raise ValueError("is larger than 1 MiB")
    try:
        config = json.loads(text.decode())
    except ValueError:
        raise ValueError("is no valid JSON") from None
    if not isinstance(config, dict):
        raise ValueError("holds no JSON object")
    return config


def _form_faults(config: Mapping[str, Any]) -> Iterator[str]:
    if config.get("peft_type") != "LORA":
        yield f"peft_type is {shown(config.get('peft_type'))}, not 'LORA'"
    if config.get("bias", "none") != "none":
        yield f"bias is {shown(config['bias'])}: biases are not served"
    if not isinstance(config.get("use_rslora", False), bool):
        yield f"use_rslora is {shown(config['use_rslora'])}, not true or false"
    if not config.get("target_modules"):
        yield "target_modules is missing"
    init = config.get("init_lora_weights")
    if init and init is not True and str(init).lower() not in INITS:
        yield f"init_lora_weights is {shown(init)}, which may have changed the backbone's weights"
    yield from _set_fields(config)


def _set_fields(config: Mapping[str, Any]) -> Iterator[str]:
    for field in sorted(config.keys() - CHECKED - HARMLESS):
        if config[field]:
            yield f"{shown(field)} is set: {REASONS.get(field, 'it may change what the weights mean')}"


def _rank_faults(config: Mapping[str, Any], max_rank: int) -> Iterator[str]:
    rank, alpha = config.get("r"), config.get("lora_alpha")
    if not _is_rank(rank):
        yield f"r is {shown(rank)}, not a positive integer"
    elif rank > max_rank:
        yield f"r is {shown(rank)}, more than this engine's {max_rank}"
    if isinstance(alpha, bool) or not isinstance(alpha, int | float) or not 0 < alpha <= sys.float_info.max:
        yield f"lora_alpha is {shown(alpha)}, not a positive number"


def _is_rank(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _base_faults(config: Mapping[str, Any], names: frozenset[str]) -> Iterator[str]:
    base = config.get("base_model_name_or_path")
    if base and (not isinstance(base, str) or short_name(base) not in names):
        base = short_name(base) if isinstance(base, str) else base
        yield f"base_model_name_or_path is {shown(base)}; the backbone here is {' or '.join(sorted(names))}"
