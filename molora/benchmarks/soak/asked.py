"""One request of a soak: who shall answer it, how long its client stays, which status is right."""

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from molora.benchmarks.questions import Example

Body = dict[str, Any]


def _routed(mode: str) -> Callable[[Example, Sequence[str]], Body]:
    return lambda _, experts: {"model": "auto", "routing": {"mode": mode, "allow": list(experts)}}


def _mix(example: Example, experts: Sequence[str]) -> Body:
    """Two experts by hand, with gates that sum to 1."""
    rng = random.Random(repr(example))
    first, second = rng.sample(experts, 2)
    gate = rng.uniform(0.01, 0.99)
    return {"model": "auto", "routing": {"gates": {first: gate, second: 1 - gate}}}


WAYS: dict[str, Callable[[Example, Sequence[str]], Body]] = {
    "top1": _routed("top1"),
    "top2": _routed("top2"),
    "soft": _routed("soft"),
    "gates": _mix,
    "expert": lambda example, experts: {"model": random.Random(repr(example)).choice(experts)},
    "base": lambda *_: {"model": "base"},
}
"""The fields of a body that say who answers, of an example and the experts that stay all the time."""

FAULTS: Sequence[tuple[int, Body]] = (
    (404, {"model": "nobody"}),
    (400, {"messages": []}),
    (400, {"messages": "who?"}),
    (400, {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:,x"}}]}]}),
    (400, {"temperature": -1}),
    (400, {"max_tokens": 1_000_000}),
    (400, {"n": 99}),
    (400, {"chat_template": "{{ 1 }}"}),
    (400, {"model": "auto", "routing": {"gates": {"nobody": 1}}}),
    (400, {"model": "auto", "routing": {"allow": []}}),
    (400, {"response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "none"}}}}),
)
"""What makes a request bad, and the status it is to be answered with."""


@dataclass(frozen=True)
class Asked:
    """`golden` names a question whose answer must never change. A client that only `stays_s` leaves then, answered or
    not: so long after it asked or, where the answer is a stream, after that has begun."""

    kind: str
    body: Body
    num_pictures: int = 1
    status: int = 200
    golden: str = ""
    stays_s: float | None = None

    @property
    def streams(self) -> bool:
        return bool(self.body.get("stream"))

    def encode(self) -> bytes:
        return json.dumps(self.body).encode()
