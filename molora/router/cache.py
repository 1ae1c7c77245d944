"""What the router remembers: its readings of the questions asked last."""

from collections import OrderedDict

from molora.router.fingerprint import Fingerprint
from molora.router.scoring import Reading


class ScoreCache:
    """Readings by query, the `max_size` used last; 0 remembers nothing."""

    def __init__(self, max_size: int) -> None:
        self._max_size = max_size
        self._readings: OrderedDict[Fingerprint, Reading] = OrderedDict()

    def __len__(self) -> int:
        return len(self._readings)

    def get(self, key: Fingerprint) -> Reading | None:
        if key in self._readings:
            self._readings.move_to_end(key)
        return self._readings.get(key)

    def put(self, key: Fingerprint, reading: Reading) -> None:
        self._readings[key] = reading
        self._readings.move_to_end(key)
        while len(self._readings) > self._max_size:
            self._readings.popitem(last=False)
