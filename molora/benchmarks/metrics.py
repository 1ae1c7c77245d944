"""What benchmarks measure, computed purely from raw records: nothing here talks to a server or reads a clock."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


def normalise(answer: str) -> str:
    """An answer as exact match sees it: letter case, outer spaces and a closing full stop do not count."""
    return " ".join(answer.lower().split()).removesuffix(".").rstrip()


def is_right(answer: str, truth: str) -> bool:
    return normalise(answer) == normalise(truth)


def share(marks: Iterable[bool]) -> float:
    """The share of true ones; 0 for none at all."""
    listed = list(marks)
    return sum(listed) / len(listed) if listed else 0.0


def percentile(values: Sequence[float], percent: int) -> float:
    """Of at least two values."""
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


@dataclass(frozen=True)
class Timing:
    """One streamed request. Times are seconds on one monotonic clock; `router_ms` is what Molora reports of itself."""

    server: str
    concurrency: int
    round: int
    index: int
    sent_s: float
    first_token_s: float
    end_s: float
    num_tokens: int
    expert: str
    router_ms: float = 0.0

    @property
    def ttft_s(self) -> float:
        return self.first_token_s - self.sent_s

    @property
    def tpot_s(self) -> float:
        """Of an answer of at least two tokens."""
        return (self.end_s - self.first_token_s) / (self.num_tokens - 1)


@dataclass(frozen=True)
class Overhead:
    """What `ours` costs against `theirs` at one concurrency."""

    concurrency: int
    num_rounds: int
    ratios: tuple[float, ...]
    added_ttft_ms: float
    theirs_per_s: float
    ours_per_s: float
    theirs_ttft_ms: float
    ours_ttft_ms: float
    router_ms: float

    @property
    def ratio(self) -> float:
        """Median over rounds of our requests per second by theirs."""
        return statistics.median(self.ratios)


def requests_per_s(timings: Sequence[Timing]) -> float:
    """Of one round: from the first request sent to the last one ended."""
    return len(timings) / (max(t.end_s for t in timings) - min(t.sent_s for t in timings))


def rates_by_round(timings: Iterable[Timing], server: str) -> list[float]:
    """Requests per second of a server in each round, in order."""
    chosen = [t for t in timings if t.server == server]
    rounds = sorted({t.round for t in chosen})
    return [requests_per_s([t for t in chosen if t.round == number]) for number in rounds]


def compare(timings: Iterable[Timing], concurrency: int, ours: str, theirs: str) -> Overhead:
    """Rounds, and requests within a round, are paired: both servers got the same ones one right after the other."""
    chosen = [t for t in timings if t.concurrency == concurrency]
    rounds = sorted({t.round for t in chosen})
    by_server = {name: {pair_key(t): t for t in chosen if t.server == name} for name in (ours, theirs)}
    rates = {name: rates_by_round(by_server[name].values(), name) for name in by_server}
    return Overhead(
        concurrency=concurrency,
        num_rounds=len(rounds),
        ratios=tuple(our / their for our, their in zip(rates[ours], rates[theirs], strict=True)),
        added_ttft_ms=_added_ttft_ms(by_server[ours], by_server[theirs]),
        theirs_per_s=statistics.median(rates[theirs]),
        ours_per_s=statistics.median(rates[ours]),
        theirs_ttft_ms=_median_ttft_ms(by_server[theirs]),
        ours_ttft_ms=_median_ttft_ms(by_server[ours]),
        router_ms=statistics.median(t.router_ms for t in by_server[ours].values()),
    )


def pair_key(timing: Timing) -> tuple[int, int]:
    """What the two timings of a pair share."""
    return timing.round, timing.index


def _median_ttft_ms(timings: Mapping[tuple[int, int], Timing]) -> float:
    return statistics.median(t.ttft_s for t in timings.values()) * 1000


def _added_ttft_ms(ours: Mapping[tuple[int, int], Timing], theirs: Mapping[tuple[int, int], Timing]) -> float:
    return statistics.median(ours[key].ttft_s - theirs[key].ttft_s for key in ours) * 1000
