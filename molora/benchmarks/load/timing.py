"""The raw record of a benchmark under load: how it was loaded, and the time stamps of each question."""

import dataclasses
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from molora.files import replacing


@dataclass(frozen=True)
class Load:
    """A closed loop of `concurrency` clients, each asking its next question when its last is answered; or questions
    that arrive as a Poisson process, `rate` a second. One of the two."""

    concurrency: int | None = None
    rate: float | None = None

    @property
    def name(self) -> str:
        if self.rate is not None:
            return f"{self.rate:g}/s"
        return "1 client" if self.concurrency == 1 else f"{self.concurrency} clients"


@dataclass(frozen=True)
class Timing:
    """One question. Times are seconds on one monotonic clock.

    `expert` is the one that answered, as the server says, or else the one that the client named; `router_ms` is what
    Molora reports of itself. `num_tokens` are those of the answer, though it took more than one request.
    """

    arm: str
    load: Load
    round: int
    index: int
    sent_s: float
    first_token_s: float
    end_s: float
    num_tokens: int
    expert: str = ""
    router_ms: float | None = None

    @property
    def ttft_s(self) -> float:
        return self.first_token_s - self.sent_s

    @property
    def tpot_s(self) -> float | None:
        """None for an answer that came all at once."""
        decoded_s = self.end_s - self.first_token_s
        return decoded_s / (self.num_tokens - 1) if self.num_tokens > 1 and decoded_s else None

    @property
    def latency_s(self) -> float:
        return self.end_s - self.sent_s


def seconds(timings: Sequence[Timing]) -> float:
    """Of one turn: from the first question sent to the last one answered."""
    return max(t.end_s for t in timings) - min(t.sent_s for t in timings)


def rate(timings: Sequence[Timing]) -> float:
    """Questions per second of one turn."""
    return len(timings) / seconds(timings)


def by_round(timings: Iterable[Timing]) -> dict[int, list[Timing]]:
    """In order of rounds, and of questions within each."""
    rounds: dict[int, list[Timing]] = {}
    for timing in sorted(timings, key=lambda t: (t.round, t.index)):
        rounds.setdefault(timing.round, []).append(timing)
    return rounds


def select(timings: Iterable[Timing], arm: str, load: Load) -> list[Timing]:
    return [timing for timing in timings if timing.arm == arm and timing.load == load]


def write_timings(timings: Sequence[Timing], path: Path) -> None:
    with replacing(path) as unfinished:
        unfinished.write_text("".join(json.dumps(dataclasses.asdict(timing)) + "\n" for timing in timings))
