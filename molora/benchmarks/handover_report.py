"""What handing the router's picture embeddings to the engine would save, from the raw times of a run."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Turn:
    """`batch` requests at once, each with a picture and answered by `num_tokens`. Seconds of the whole batch.

    `tower_s` is the router's own look at the pictures; by it the embeddings are made, which `embeddings_s` leaves out.
    `num_same` counts the answers that are alike, token by token, with pictures and with embeddings.
    """

    round: int
    batch: int
    num_tokens: int
    pictures_s: float
    embeddings_s: float
    tower_s: float
    num_same: int


@dataclass(frozen=True)
class Figures:
    """Milliseconds a request, medians over rounds; what is a difference or a share is one within each round first.

    `vision_ms` is what the engine spends on a picture: to prepare it, send it to its worker and look at it;
    `vision_quartiles_ms` are its first and third quartile.
    `saved` is the share of a request that handing over saves a router that looks at pictures anyway, `lost` what it
    costs one that would look for the engine's sake alone; below 0 it is a gain. `same` is the share of answers that are
    alike, None for weights that are made up, where the engine has others than the router.
    """

    batch: int
    num_tokens: int
    pictures_ms: float
    embeddings_ms: float
    tower_ms: float
    vision_ms: float
    vision_quartiles_ms: tuple[float, float]
    saved: float
    lost: float
    same: float | None


def figure(turns: Sequence[Turn], *, trained: bool) -> list[Figures]:
    """One for each size of batch and of answer, in order; of at least two rounds."""
    kinds = sorted({(turn.batch, turn.num_tokens) for turn in turns})
    chosen = ([turn for turn in turns if (turn.batch, turn.num_tokens) == kind] for kind in kinds)
    return [_figure(one, trained=trained) for one in chosen]


def _figure(turns: Sequence[Turn], *, trained: bool) -> Figures:
    batch, num_tokens = turns[0].batch, turns[0].num_tokens

    def median(of: Callable[[Turn], float]) -> float:
        return statistics.median(map(of, turns))

    visions = [1000 * (t.pictures_s - t.embeddings_s) / batch for t in turns]
    low, middle, high = statistics.quantiles(visions, method="inclusive")
    return Figures(
        batch=batch,
        num_tokens=num_tokens,
        pictures_ms=median(lambda t: 1000 * t.pictures_s / batch),
        embeddings_ms=median(lambda t: 1000 * t.embeddings_s / batch),
        tower_ms=median(lambda t: 1000 * t.tower_s / batch),
        vision_ms=middle,
        vision_quartiles_ms=(low, high),
        saved=median(lambda t: (t.pictures_s - t.embeddings_s) / (t.pictures_s + t.tower_s)),
        lost=median(lambda t: (t.embeddings_s + t.tower_s) / t.pictures_s - 1),
        same=sum(t.num_same for t in turns) / (batch * len(turns)) if trained else None,
    )


def print_table(console: Console, figures: Sequence[Figures]) -> None:
    table = Table(
        *("at once", "tokens", "pictures", "embeddings", "vision", "tower", "saved", "same"),
        title="Milliseconds a request: the engine's vision, the router's tower; what handing over saves",
    )
    for one in figures:
        times = (one.pictures_ms, one.embeddings_ms, one.vision_ms, one.tower_ms)
        shares = (f"{one.saved:.1%}", "" if one.same is None else f"{one.same:.1%}")
        table.add_row(str(one.batch), str(one.num_tokens), *(f"{ms:.1f}" for ms in times), *shares)
    console.print(table)


def summarise(figures: Sequence[Figures], side: int, num_rounds: int) -> dict[str, Any]:
    """The one JSON line that ends the benchmark."""
    return {"benchmark": "handover", "side": side, "rounds": num_rounds, "rows": [asdict(one) for one in figures]}
