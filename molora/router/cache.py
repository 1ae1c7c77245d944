"""What the router remembers: its readings of the questions asked last."""

from collections import OrderedDict

from molora.router.scoring import Reading


class ScoreCache:
    """Readings by text, the `max_size` used last; 0 remembers nothing."""

    def __init__(self, max_size: int) -> None:
        self._max_size = max_size
        self._readings: OrderedDict[str, Reading] = OrderedDict()

    def __len__(self) -> int:
        return len(self._readings)

    def get(self, text: str) -> Reading | None:
        if text in self._readings:
            self._readings.move_to_end(text)
        return self._readings.get(text)

    def put(self, text: str, reading: Reading) -> None:
        self._readings[text] = reading
        self._readings.move_to_end(text)
        while len(self._readings) > self._max_size:
            self._readings.popitem(last=False)
