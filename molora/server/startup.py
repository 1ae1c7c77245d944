"""The experts that a server starts with: those of its configuration, then those of its store."""

from pathlib import Path

from molora.adapters.store import Store
from molora.config import ExpertProfile
from molora.errors import ConfigError, MoloraError
from molora.server.core import Core
from molora.server.lifecycle import Lifecycle
from molora.server.probe import make_prober
from molora.server.registry import Expert
from molora.server.stage import Stage


async def start_configured(core: Core, stage: Stage) -> None:
    """Raises ConfigError for one that cannot be served."""
    for name, section in core.config.experts.items():
        await _start(stage, name, section, section.adapter)


async def start_stored(core: Core, stage: Stage) -> Lifecycle | None:
    """Every expert that answered before answers again; what changes them afterwards, where there is a store. Raises
    ConfigError for a store that cannot be used."""
    limits = core.config.store
    if limits is None:
        return None
    prober = make_prober(core.engine, stage.backbone, limits)
    lifecycle = Lifecycle(core, stage, prober, Store(limits.folder), limits)
    await lifecycle.start()
    return lifecycle


async def _start(stage: Stage, name: str, profile: ExpertProfile, folder: Path) -> None:
    try:
        await stage.check_profile(profile)
        checked = await stage.check_weights(folder)
        version = await stage.load(name, checked)
    except MoloraError as error:
        raise ConfigError(f"experts.{name}: {folder}: {error.message}") from error
    stage.publish(Expert(name, profile, "config", "ready", checked.digest, checked, version), None)
