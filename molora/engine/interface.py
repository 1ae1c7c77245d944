"""What the server knows of an engine: small enough for a test to write its own."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

Body = dict[str, Any]


APART = ("lm_head", "embed_tokens", ".experts")
"""Modules that vLLM adapts by other kernels than linear layers: those know one adapter a row, and no gates."""


@dataclass(frozen=True)
class Adapter:
    """An expert's weights: an immutable folder in PEFT's format, and the modules of the backbone that it adapts."""

    expert: str
    folder: Path
    modules: tuple[str, ...] = ()

    @property
    def apart(self) -> tuple[str, ...]:
        """What it adapts that cannot be mixed."""
        return tuple(sorted(part.strip(".") for part in APART if any(part in module for module in self.modules)))


@dataclass(frozen=True)
class Version:
    """An adapter in the engine's memory, under a number that no other one ever gets."""

    adapter: Adapter
    number: int


@dataclass(frozen=True)
class Residency:
    """Numbers of the versions that the engine holds in memory, of those in a slot, and how often one lost its slot."""

    held: frozenset[int]
    resident: frozenset[int]
    num_evictions: int


@dataclass
class Usage:
    """Tokens of a prompt, and of all choices of its answer so far."""

    prompt_tokens: int = 0
    completion_tokens: int = 0


@dataclass(frozen=True)
class Completion:
    """A whole answer, as OpenAI's `chat.completion` object."""

    body: Body

    @property
    def usage(self) -> Usage:
        told = self.body["usage"]
        return Usage(told["prompt_tokens"], told["completion_tokens"])


@dataclass(frozen=True)
class Stream:
    """An answer under way: the first `chat.completion.chunk`, then server-sent events as text. Raises MoloraError where
    it breaks off.

    `usage` grows with it, and is right however it ends.
    """

    first: Body
    rest: AsyncGenerator[str, None]
    usage: Usage = field(default_factory=Usage)


class Engine(Protocol):
    """Answers chat requests with an exact mixture of experts, or with the bare backbone."""

    async def start(self) -> None:
        """Ready to answer on return; after `stop`, without any version. Raises ConfigError when the configuration
        cannot be served."""
        ...

    async def stop(self) -> None:
        """Ends every request and the engine's processes; may be called twice."""
        ...

    async def check_health(self) -> None:
        """Raises Unavailable when the engine is dead or not started."""
        ...

    @property
    def num_steps(self) -> int:
        """Another number than before if the engine has made a step meanwhile."""
        ...

    async def beat(self) -> None:
        """Has the engine make a step, and waits for it. Raises Unavailable."""
        ...

    async def kill(self) -> None:
        """Ends the engine's processes at once; on return whoever waited for it got Unavailable."""
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

    async def load(self, adapter: Adapter) -> Version:
        """Into memory, while others answer; it is not named yet. Raises BadRequest for weights the engine refuses,
        and nothing is left of them."""
        ...

    def name(self, expert: str, version: Version | None) -> None:
        """From now on requests to the expert meet this version, or none; those in flight keep theirs."""
        ...

    async def unload(self, version: Version) -> None:
        """Returns when its last request in flight has ended, and its slot and memory are free."""
        ...

    def num_in_flight(self, version: Version) -> int: ...

    async def residency(self) -> Residency: ...

    async def prompt_logprobs(self, messages: Sequence[Body], version: Version | None) -> list[tuple[int, float]]:
        """The prompt's tokens but the first, each with its log-probability; None is the bare backbone."""
        ...
