"""One expert's way into engine and router, and out again."""

import asyncio
import logging
from dataclasses import replace
from pathlib import Path

from molora.adapters.backbone import Backbone, read_backbone
from molora.adapters.check import Checked, check_adapter, check_weights
from molora.config import ExpertProfile
from molora.engine.interface import Adapter, Version
from molora.errors import BadRequest, MoloraError
from molora.router.features import Floats
from molora.server.asking import check_profile
from molora.server.core import Core
from molora.server.registry import Expert

logger = logging.getLogger(__name__)


class Stage:
    """Engine, router and registry, always changed together."""

    def __init__(self, core: Core, backbone: Backbone) -> None:
        self._engine, self._router, self._registry = core.engine, core.router, core.registry
        self.backbone = backbone
        self._max_rank = core.config.engine.max_lora_rank
        self._tower = bool(core.config.engine.options.get("enable_tower_connector_lora"))

    async def check(self, folder: Path) -> Checked:
        """Of a folder that anybody may have filled. Raises `Refused`."""
        return await asyncio.to_thread(check_adapter, folder, self.backbone, max_rank=self._max_rank, tower=self._tower)

    async def check_weights(self, folder: Path) -> Checked:
        """Of a folder of the operator's, which may hold links and other files. Raises `Refused`."""
        return await asyncio.to_thread(check_weights, folder, self.backbone, max_rank=self._max_rank, tower=self._tower)

    async def check_profile(self, profile: ExpertProfile) -> None:
        """Raises BadRequest."""
        await check_profile(self._engine, profile)

    async def load(self, name: str, checked: Checked) -> Version:
        """Into the engine; nobody is answered by it yet. Raises BadRequest."""
        return await self._engine.load(Adapter(name, checked.folder, checked.modules))

    async def read(self, profile: ExpertProfile) -> Floats:
        """What the router goes by. Raises Unavailable."""
        return await self._router.read([profile.description, *profile.examples])

    def publish(self, expert: Expert, vectors: Floats | None) -> Expert | None:
        """It answers from the next request on; returns the version whose place it took. Without `vectors` the router
        knows it already."""
        before = self._registry.known(expert.name)
        self._registry.put(expert)
        self._engine.name(expert.name, expert.version)
        if vectors is not None:
            self._router.set_expert(expert.name, vectors)
        return before

    def withdraw(self, expert: Expert) -> None:
        """It answers no further request."""
        self._registry.drop(expert.name)
        self._engine.name(expert.name, None)
        if expert.state == "ready":
            self._router.remove_expert(expert.name)

    async def reload(self) -> None:
        """Those that answered, into an engine that has just started; one that it refuses has failed. Raises
        Unavailable."""
        for expert in list(self._registry.values()):
            assert expert.checked is not None
            try:
                version = await self.load(expert.name, expert.checked)
            except BadRequest as error:
                logger.exception("expert %s cannot be served any more", expert.name)
                self.withdraw(expert)
                self._registry.put(replace(expert, state="failed", version=None, error=error.message))
            else:
                self.publish(replace(expert, version=version), None)

    async def unload(self, version: Version) -> None:
        """When its last request has ended. An engine that cannot any more has nothing to free."""
        try:
            await self._engine.unload(version)
        except MoloraError:
            logger.exception("version %d of %s is not unloaded", version.number, version.adapter.expert)


async def make_stage(core: Core) -> Stage:
    """Raises ConfigError for a backbone that cannot be read."""
    engine = core.config.engine
    return Stage(core, await asyncio.to_thread(read_backbone, engine.model, engine.names))
