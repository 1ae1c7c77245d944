"""How an encoder is distilled."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """Sizes and rates; the same plan and machine make the same encoder.

    `width` is that of the tokens' rows and `dim` that of a text's vector, which is in the teacher's principal
    components: no more than it has. `pairs` of words get rows too, at most so many; `made_up` questions are learnt from
    beside the texts given, of which `held_out` is the share that measures.
    """

    seed: int = 0
    width: int = 192
    hidden: int = 256
    dim: int = 192
    pairs: int = 1500
    made_up: int = 20_000
    epochs: int = 16
    batch: int = 256
    rate: float = 5e-3
    held_out: float = 0.02
