"""What the server knows of a router: small enough for a test to write its own."""

from collections.abc import Sequence
from typing import Literal, Protocol

from molora.router.features import Floats
from molora.router.query import Decision, Query, Wishes

RoutedBy = Literal["head", "examples"]
"""Whether the trained head knows an expert, or only its description and example questions are known of it."""


class Router(Protocol):
    """Decides which expert answers. Concurrent calls are encoded together."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def route(self, query: Query, wishes: Wishes) -> Decision:
        """Raises BadRequest for wishes that cannot be met."""
        ...

    async def read(self, texts: Sequence[str]) -> Floats:
        """[len(texts), dim], what `set_expert` takes. Raises Unavailable."""
        ...

    def set_expert(self, name: str, vectors: Floats) -> None:
        """From now on it is among those to choose from, in the place of what had its name."""
        ...

    def remove_expert(self, name: str) -> None:
        """From now on it gets no probability."""
        ...

    def routed_by(self, name: str) -> RoutedBy: ...
