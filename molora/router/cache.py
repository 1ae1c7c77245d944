"""What the router remembers: the scores of the questions asked last."""

from collections import OrderedDict

from molora.router.head import Floats


class ScoreCache:
    """Logits by text, the `max_size` used last; 0 remembers nothing."""

    def __init__(self, max_size: int) -> None:
        self._max_size = max_size
        self._rows: OrderedDict[str, Floats] = OrderedDict()

    def __len__(self) -> int:
        return len(self._rows)

    def get(self, text: str) -> Floats | None:
        if text in self._rows:
            self._rows.move_to_end(text)
        return self._rows.get(text)

    def put(self, text: str, row: Floats) -> None:
        self._rows[text] = row
        self._rows.move_to_end(text)
        while len(self._rows) > self._max_size:
            self._rows.popitem(last=False)
