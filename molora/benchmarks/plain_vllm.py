"""The command line of a plain `vllm serve` that serves what a Molora configuration serves, with the same settings."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from molora.benchmarks.serving import HOST, Command
from molora.compat import mend_torch_companions
from molora.config import Config

SERVE = "vllm.entrypoints.openai.api_server"
"""What `vllm serve` runs; the `vllm` script does not start from the CPU build, whose package has another name."""


def vllm_command(config: Config, settings: Mapping[str, Any], adapters: Mapping[str, Path] | None = None) -> Command:
    """`settings`: fields of vLLM's engine arguments, as Molora passes them; `adapters`: others than the experts'."""
    mend_torch_companions()  # a child process inherits the cure
    named = adapters or {name: expert.adapter for name, expert in config.experts.items()}
    modules = [f"{name}={adapter}" for name, adapter in named.items()]
    arguments = [sys.executable, "-m", SERVE, "--host", HOST, "--port", "{port}"]
    arguments += ["--lora-modules", *modules, *flags(settings)]
    environment = {"VLLM_PLUGINS": "", **_offline(config)}  # Molora's own is among vLLM's plugins, and changes its LoRA
    return Command("vllm serve", arguments, "/health", environment)


def _offline(config: Config) -> dict[str, str]:
    """A model that lies here needs no hub."""
    return {"HF_HUB_OFFLINE": "1"} if config.engine.model.startswith("/") else {}


def flags(settings: Mapping[str, Any]) -> list[str]:
    """vLLM spells the field `max_loras` as `--max-loras`, a false one as `--no-...`, a mapping as JSON."""
    return [part for name, value in settings.items() if value is not None for part in _flag(name, value)]


def _flag(name: str, value: Any) -> list[str]:
    option = name.replace("_", "-")
    if isinstance(value, bool):
        return [f"--{option}" if value else f"--no-{option}"]
    return [f"--{option}", json.dumps(value) if isinstance(value, dict | list) else str(value)]
