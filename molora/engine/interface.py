"""What the server knows of an engine: small enough for a test to write its own."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

Body = dict[str, Any]


@dataclass(frozen=True)
class Adapter:
    """An expert's weights as served: `digest` is the SHA-256 of the safetensors file."""

    expert: str
    digest: str
    state: str
    apart: tuple[str, ...] = ()
    """Modules it adapts that cannot be mixed."""


@dataclass(frozen=True)
class Completion:
    """A whole answer, as OpenAI's `chat.completion` object."""

    body: Body


@dataclass(frozen=True)
class Stream:
    """An answer under way: the first `chat.completion.chunk`, then server-sent events as text."""

    first: Body
    rest: AsyncGenerator[str, None]


class Engine(Protocol):
    """Answers chat requests with an exact mixture of experts, or with the bare backbone."""

    @property
    def adapters(self) -> Mapping[str, Adapter]:
        """By expert, in the order of the configuration."""
        ...

    async def start(self) -> None:
        """Ready to answer on return. Raises ConfigError when the configuration cannot be served."""
        ...

    async def stop(self) -> None:
        """Ends every request and the engine's processes; may be called twice."""
        ...

    async def check_health(self) -> None:
        """Raises Unavailable when the engine cannot answer."""
        ...

    def parse(self, body: Body) -> Any:
        """The engine's own request object. Raises BadRequest for a body that is no chat request."""
        ...

    async def chat(self, request: Any, messages: Sequence[Body], gates: Mapping[str, float]) -> Completion | Stream:
        """Answer `messages` (pictures as `image_pil` parts) under the parsed request's other fields.

        Every expert's adapter counts as much as its gate says, in one pass; no gates are the bare backbone.
        Raises BadRequest for gates that cannot be served.

        Cancelling the call, or closing `Stream.rest`, aborts the generation.
        """
        ...
