"""The experts of a server that is to have more, or fewer."""

from collections.abc import Sequence
from typing import Protocol

from rich.console import Console
from rich.progress import track

from molora.benchmarks.many_experts import make_adapters
from molora.config import Config
from molora.errors import ConfigError


class Administers(Protocol):
    """As `many_experts.Administrator` does."""

    def add(self, name: str, files: dict[str, bytes], description: str) -> object: ...

    def remove(self, name: str) -> None: ...


class Registry:
    """Begins with the configuration's own, which stay."""

    def __init__(self, administrator: Administers, config: Config, console: Console) -> None:
        self._administrator, self._config, self._console = administrator, config, console
        self._added: list[str] = []

    @property
    def names(self) -> Sequence[str]:
        return [*self._config.experts, *self._added]

    def resize(self, num: int) -> None:
        """Raises ConfigError for fewer than the configuration has."""
        own = len(self._config.experts)
        if num < own:
            raise ConfigError(f"the configuration alone has {own} experts: {num} are too few")
        for name in self._added[num - own :]:
            self._administrator.remove(name)
        del self._added[num - own :]
        coming = [f"expert-{number}" for number in range(len(self.names), num)]
        adapters = make_adapters(self._config, coming)
        for name, files in track(adapters, "experts", len(coming), console=self._console, transient=True):
            self._administrator.add(name, files, f"Nothing but {name}.")
            self._added.append(name)
