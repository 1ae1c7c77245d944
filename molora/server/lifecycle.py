"""Experts come, change and go while others answer: what is done, in which order, and what is undone if it fails.

One change at a time. Whatever fails before the journal is written leaves everything as it was; what comes after it
happens between two requests and cannot fail.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from molora.adapters.check import Checked
from molora.adapters.store import Store, StoredExpert
from molora.config import ExpertProfile, StoreConfig
from molora.errors import BadRequest, ConfigError, MoloraError, NotFound, Overloaded
from molora.server.core import Core
from molora.server.probe import Prober
from molora.server.registry import Expert
from molora.server.stage import Stage

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Wanted:
    """What an administrator asks for; `fill` puts the adapter's files into an empty folder."""

    name: str
    profile: ExpertProfile
    fill: Callable[[Path], None]
    may_replace: bool = False


class Lifecycle:
    """The only one to change which experts of the store there are."""

    def __init__(self, core: Core, stage: Stage, prober: Prober, store: Store, limits: StoreConfig) -> None:
        self._registry, self._metrics = core.registry, core.metrics
        self._configured = core.config.experts
        self._stage, self._prober, self._store, self.limits = stage, prober, store, limits
        self._stored: dict[str, StoredExpert] = {}
        self.changing = asyncio.Lock()
        """Held while experts change."""
        self._drains: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """The store's experts answer again. One that cannot is listed as failed, and can be removed or replaced."""
        self._stored = self._store.experts()
        for name, stored in self._stored.items():
            if name in self._configured:
                raise ConfigError(f"experts.{name}: the store has an expert of that name already")
            await self._restore(name, stored)
        await self._sweep()

    async def stop(self) -> None:
        """May be called twice."""
        for drain in self._drains:
            drain.cancel()
        await asyncio.gather(*self._drains, return_exceptions=True)
        self._prober.stop()
        self._store.close()

    async def _restore(self, name: str, stored: StoredExpert) -> None:
        expert = Expert(name, stored, "store", "failed", stored.digest)
        try:
            checked = await self._stage.check(self._store.path(stored.digest))
            if checked.digest != stored.digest:
                raise BadRequest("its files in the store have changed")
            vectors = await self._stage.read(stored)
            version = await self._stage.load(name, checked)
        except MoloraError as error:
            logger.exception("expert %s of the store cannot be served", name)
            self._registry.put(replace(expert, error=error.message))
        else:
            self._stage.publish(replace(expert, state="ready", checked=checked, version=version), vectors)

    async def add(self, wanted: Wanted) -> tuple[Expert, bool]:
        """The expert as it answers from now on, and whether its weights are new. Raises MoloraError."""
        async with self.changing:
            await self._stage.check_profile(wanted.profile)
            with self._coming(wanted), self._store.incoming() as folder:
                await asyncio.to_thread(wanted.fill, folder)
                checked = await self._stage.check(folder)
                known = self._changeable(wanted.name)
                if known and known.state == "ready" and known.digest == checked.digest:
                    await asyncio.to_thread(self._store.keep, checked)
                    return await self._describe(known, wanted.profile), False
                self._check_place(wanted, known, checked.digest)
                return await self._bring(wanted, checked), True

    def _changeable(self, name: str) -> Expert | None:
        """What the name stands for. Raises BadRequest for an expert of the configuration."""
        known = self._registry.known(name)
        if known is not None and known.origin == "config":
            raise _conflict(f"the expert '{name}' belongs to the configuration")
        return known

    def _check_place(self, wanted: Wanted, known: Expert | None, digest: str) -> None:
        if known is not None and known.digest != digest and not wanted.may_replace:
            raise _conflict(
                f"there is an expert '{wanted.name}' with other weights; replace=true puts these in its place"
            )
        if known is None and len(self._stored) >= self.limits.max_experts:
            raise _conflict(f"the store has its {self.limits.max_experts} experts")
        if len(self._stored) + len(self._registry.leaving) > self.limits.max_experts:
            raise Overloaded("the memory for experts is full while earlier versions end their requests")

    async def _describe(self, known: Expert, profile: ExpertProfile) -> Expert:
        """The same weights, perhaps described otherwise."""
        if known.profile == profile:
            return known
        vectors = await self._stage.read(profile)
        await self._write(self._stored | {known.name: _stored(known.digest or "", profile)})
        described = replace(known, profile=profile)
        self._stage.publish(described, vectors)
        return described

    async def _bring(self, wanted: Wanted, checked: Checked) -> Expert:
        async with AsyncExitStack() as undo:
            undo.push_async_callback(self._sweep)
            kept = replace(checked, folder=await asyncio.to_thread(self._store.keep, checked))
            self._registry.coming[wanted.name] = replace(self._registry.coming[wanted.name], state="loading")
            version = await self._stage.load(wanted.name, kept)
            undo.push_async_callback(self._stage.unload, version)
            verified = await self._prober.verify(version)
            vectors = await self._stage.read(wanted.profile)
            await self._write(self._stored | {wanted.name: _stored(checked.digest, wanted.profile)})
            undo.pop_all()
        expert = Expert(wanted.name, wanted.profile, "store", "ready", checked.digest, kept, version, verified)
        self._leave(self._stage.publish(expert, vectors))
        return expert

    async def remove(self, name: str) -> Expert:
        """As it was. Raises NotFound; BadRequest for an expert of the configuration."""
        async with self.changing:
            known = self._changeable(name)
            if known is None:
                raise NotFound(f"the expert '{name}' does not exist", param="name", code="expert_not_found")
            await self._write({other: stored for other, stored in self._stored.items() if other != name})
            self._stage.withdraw(known)
            self._leave(known)
            return known

    def _leave(self, gone: Expert | None) -> None:
        """It drains by itself."""
        if gone is not None:
            drain = asyncio.create_task(self._drain(gone))
            self._drains.add(drain)
            drain.add_done_callback(self._drains.discard)

    async def _drain(self, gone: Expert) -> None:
        if gone.version is not None:
            leaving = self._registry.leave(gone)
            await self._stage.unload(gone.version)
            self._registry.leaving.remove(leaving)
        async with self.changing:
            await self._sweep()

    async def _write(self, stored: dict[str, StoredExpert]) -> None:
        await asyncio.to_thread(self._store.write, stored)
        self._stored = stored

    async def _sweep(self) -> None:
        """Nothing is kept on disk but what answers, or still has to; what cannot be removed now waits."""
        kept = {stored.digest for stored in self._stored.values()}
        kept |= {expert.digest for expert in self._registry.leaving if expert.digest}
        try:
            await asyncio.to_thread(self._store.sweep, kept)
        except MoloraError:
            logger.exception("the store cannot be swept")

    @contextmanager
    def _coming(self, wanted: Wanted) -> Iterator[None]:
        """Listed as it comes; what goes wrong is counted by how far it came."""
        started, coming = time.perf_counter(), self._registry.coming
        coming[wanted.name] = Expert(wanted.name, wanted.profile, "store", "checking")
        try:
            yield
        except MoloraError:
            self._metrics.count_failed_load(coming[wanted.name].state)
            raise
        finally:
            del coming[wanted.name]
        self._metrics.observe_load(started)


def _stored(digest: str, profile: ExpertProfile) -> StoredExpert:
    fields = {name: getattr(profile, name) for name in ExpertProfile.model_fields}
    return StoredExpert(digest=digest, **fields)


def _conflict(message: str) -> BadRequest:
    return BadRequest(message, param="name", status=409)
