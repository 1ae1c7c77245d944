"""The experts of a running server: what is known of each, and which of them answer."""

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from molora.adapters.check import Checked
from molora.config import ExpertProfile
from molora.engine.interface import Version

Origin = Literal["config", "store"]
State = Literal["checking", "loading", "ready", "draining", "failed"]
Verified = Literal["weights", "moves", "reference"]
"""What was seen: its weights fit the backbone; its answers are not the backbone's; and they are PEFT's."""


@dataclass(frozen=True)
class Expert:
    """One version of an expert; `error` tells why it failed."""

    name: str
    profile: ExpertProfile
    origin: Origin
    state: State
    digest: str | None = None
    checked: Checked | None = None
    version: Version | None = None
    verified: Verified = "weights"
    error: str | None = None


class Registry(Mapping[str, Expert]):
    """The experts that answer, by name, in the order of their coming; beside them those that come, go or failed."""

    def __init__(self) -> None:
        self._ready: dict[str, Expert] = {}
        self._failed: dict[str, Expert] = {}
        self.coming: dict[str, Expert] = {}
        self.leaving: list[Expert] = []
        self.last_used: dict[str, float] = {}
        """Unix time of an expert's last request."""

    def __getitem__(self, name: str) -> Expert:
        return self._ready[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._ready)

    def __len__(self) -> int:
        return len(self._ready)

    def known(self, name: str) -> Expert | None:
        """Ready or failed: what the name stands for."""
        return self._ready.get(name) or self._failed.get(name)

    def all(self) -> list[Expert]:
        """One for each name: what a replacement is coming for is still what answers."""
        named = self._ready | self._failed
        return [*named.values(), *(e for name, e in self.coming.items() if name not in named)]

    def put(self, expert: Expert) -> None:
        """In the place of what had its name."""
        into, other = (self._failed, self._ready) if expert.state == "failed" else (self._ready, self._failed)
        into[expert.name] = expert
        other.pop(expert.name, None)

    def drop(self, name: str) -> None:
        self._ready.pop(name, None)
        self._failed.pop(name, None)
        self.last_used.pop(name, None)

    def touch(self, names: Iterable[str]) -> None:
        self.last_used.update(dict.fromkeys(names, time.time()))

    def leave(self, expert: Expert) -> Expert:
        """It drains from now on; returns it as it is listed."""
        leaving = replace(expert, state="draining")
        self.leaving.append(leaving)
        return leaving
