"""The experts that a server starts with: those of its configuration, then those of its store."""

import asyncio
from pathlib import Path

from molora.adapters.backbone import read_backbone
from molora.adapters.store import Store
from molora.config import ExpertProfile
from molora.errors import ConfigError, MoloraError
from molora.server.core import Core
from molora.server.lifecycle import Lifecycle
from molora.server.probe import make_prober
from molora.server.registry import Expert
from molora.server.stage import Stage


async def start_experts(core: Core) -> Lifecycle | None:
    """Every expert that answered before answers again; what changes them afterwards, where there is a store.

    Raises ConfigError for an expert of the configuration that cannot be served, and for a store that cannot be used.
    """
    config = core.config
    backbone = await asyncio.to_thread(read_backbone, config.engine.model, config.engine.names)
    stage = Stage(core, backbone)
    for name, section in config.experts.items():
        await _start_configured(stage, name, section, section.adapter)
    if config.store is None:
        return None
    prober = make_prober(core.engine, backbone, config.store)
    lifecycle = Lifecycle(core, stage, prober, Store(config.store.folder), config.store)
    await lifecycle.start()
    return lifecycle


async def _start_configured(stage: Stage, name: str, profile: ExpertProfile, folder: Path) -> None:
    try:
        await stage.check_profile(profile)
        checked = await stage.check_weights(folder)
        version = await stage.load(name, checked)
    except MoloraError as error:
        raise ConfigError(f"experts.{name}: {folder}: {error.message}") from error
    stage.publish(Expert(name, profile, "config", "ready", checked.digest, checked, version), None)
