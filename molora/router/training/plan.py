"""How the router's head is trained."""

from dataclasses import dataclass
from typing import Literal

Method = Literal["given", "consensus", "confident", "both"]
"""What is done about wrong labels: see `labels/`."""


@dataclass(frozen=True)
class Plan:
    """Sizes and rates; the same plan and machine make the same head.

    `unseen` is the share of pictures that a step leaves out, so that the head knows questions without any; `balance`
    weighs questions so that all experts count alike; `held_out` is the share that the temperature is fitted to.
    """

    seed: int = 0
    hidden: int = 256
    num_buckets: int = 2**14
    epochs: int = 12
    batch: int = 256
    deep_rate: float = 2e-3
    wide_rate: float = 5e-3
    dropout: float = 0.3
    unseen: float = 0.2
    smoothing: float = 0.1
    held_out: float = 0.1
    balance: bool = False
    labels: Method = "given"
