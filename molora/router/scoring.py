"""Texts -> one logit for each expert: the encoder and its head, checked against each other once."""

from collections.abc import Sequence

import numpy as np

from molora.errors import ConfigError
from molora.router.encoders import Encoder
from molora.router.head import Floats, Head


class Scorer:
    """Raises ConfigError for a head whose classes are not the experts, or that was trained on another encoder."""

    def __init__(self, encoder: Encoder, head: Head, experts: Sequence[str]) -> None:
        check_classes(head, experts)
        if encoder.digest != head.encoder_digest:
            raise ConfigError("router.head: it was trained on another encoder than router.encoder")
        self._encoder, self._head = encoder, head
        self.experts = tuple(experts)
        self._columns = [head.classes.index(name) for name in experts]

    @property
    def calibration(self) -> float:
        """The temperature at which the logits' softmax is true to life."""
        return self._head.calibration

    def score(self, texts: Sequence[str]) -> Floats:
        """[len(texts), len(experts)]; one thread at a time. Raises what the encoder raises, ValueError for NaN."""
        logits = self._head.logits(self._encoder.encode(texts), texts)[:, self._columns]
        if not np.isfinite(logits).all():
            raise ValueError("the encoder gave values that are not finite")
        return logits


def check_classes(head: Head, experts: Sequence[str]) -> None:
    """Their order is free."""
    if sorted(head.classes) != sorted(experts):
        known, wanted = ", ".join(head.classes), ", ".join(experts)
        raise ConfigError(f"router.head: its classes ({known}) are not the configured experts ({wanted})")
