"""Gates <-> the one `LoRARequest` that vLLM carries for a request.

A mixture's name spells its gates and its path its adapters in full: vLLM's prefix cache, which hashes both, keeps
mixtures apart, and every process of vLLM can take one apart without asking another.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from functools import lru_cache

from vllm.lora.request import LoRARequest

PREFIX = "gates:"
FIRST_ID = 2**30
"""Of mixtures: above every adapter's. vLLM keeps ids in int32 in places."""
MAX_REMEMBERED = 2**16

Component = tuple[LoRARequest, float]
"""An adapter and its gate."""


class Mixtures:
    """Gives equal gates over equal adapters one id, as long as it is among the last `MAX_REMEMBERED` asked for.

    vLLM takes requests for equal by their names and tells them apart in a batch by their ids.
    """

    def __init__(self) -> None:
        self._ids: OrderedDict[str, int] = OrderedDict()
        self._taken: set[int] = set()
        self._numbers = _count()

    def request(self, gates: Iterable[Component]) -> LoRARequest | None:
        """None for the bare backbone; an adapter's own request where it alone answers, at full strength."""
        parts = sorted(((adapter, gate) for adapter, gate in gates if gate), key=lambda part: part[0].lora_int_id)
        if not parts:
            return None
        if len(parts) == 1 and parts[0][1] == 1:
            return parts[0][0]
        name = PREFIX + ",".join(f"{adapter.lora_name}={gate!r}" for adapter, gate in parts)
        path = json.dumps([[a.lora_name, a.lora_int_id, a.lora_path, gate] for a, gate in parts])
        return LoRARequest(name, self._id(name), PREFIX + path)

    def _id(self, name: str) -> int:
        if name not in self._ids:
            self._ids[name] = next(number for number in self._numbers if number not in self._taken)
            self._taken.add(self._ids[name])
        self._ids.move_to_end(name)
        if len(self._ids) > MAX_REMEMBERED:
            self._taken.remove(self._ids.popitem(last=False)[1])
        return self._ids[name]


def _count() -> Iterator[int]:
    while True:
        yield from range(FIRST_ID, 2**31)


def is_mixture(request: LoRARequest) -> bool:
    return bool(request.lora_path.startswith(PREFIX))


def components(request: LoRARequest) -> tuple[Component, ...]:
    """Of any LoRA request: an adapter's own is one component at full strength."""
    return _parse(request.lora_path) if is_mixture(request) else ((request, 1.0),)


@lru_cache(4096)
def _parse(path: str) -> tuple[Component, ...]:
    spelled = json.loads(path.removeprefix(PREFIX))
    return tuple((LoRARequest(name, number, where), gate) for name, number, where, gate in spelled)
