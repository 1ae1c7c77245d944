"""Timings by hand."""

from molora.benchmarks.load.timing import Load, Timing

TWO = Load(concurrency=2)


def timings(arm: str, seconds: dict[int, float], load: Load = TWO, num: int = 4) -> list[Timing]:
    """By round: so long is each of its questions, half of it TTFT, then two tokens more. Sent at once."""
    return [
        Timing(arm, load, number, index, 10.0, 10 + took / 2, 10 + took, 3, "social")
        for number, took in seconds.items()
        for index in range(num)
    ]
