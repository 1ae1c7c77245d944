"""How often each expert is asked for."""

from enum import StrEnum


class Popularity(StrEnum):
    """All alike, the k-th by 1/k, or the first alone."""

    UNIFORM = "uniform"
    ZIPF = "zipf"
    ONE = "one"

    def weights(self, num: int) -> list[float]:
        if self is Popularity.ONE:
            return [1.0, *[0.0] * (num - 1)]
        return [1 / rank if self is Popularity.ZIPF else 1.0 for rank in range(1, num + 1)]
