"""What is asked, a file for each data set: `--data NAME` or `--data NAME=FILE`."""

import random
from collections.abc import Sequence

from molora.benchmarks.quality.data import daquar, demo, easy_vqa, vqa_rad
from molora.benchmarks.quality.data.source import Source, parse_source
from molora.benchmarks.quality.item import Item
from molora.router.training.rows import BadRows

__all__ = ["Source", "parse_source", "read_items"]


def read_items(source: Source, num: int, seed: int, bad: BadRows) -> list[Item]:
    """At most `num` of a published data set, drawn by the seed, in the file's order; of the demo's scenes more, see
    there. Raises ConfigError for what cannot be read, and where `bad` does."""
    match source.name:
        case "demo":
            return demo.draw_items(num, seed)
        case "easy-vqa":
            return _sample(easy_vqa.read_items(), num, seed)
        case "daquar":
            return _sample(daquar.read_items(source.file, bad), num, seed)
        case _:
            return _sample(vqa_rad.read_items(source.file, bad), num, seed)


def _sample(items: Sequence[Item], num: int, seed: int) -> list[Item]:
    chosen = random.Random(seed).sample(range(len(items)), min(num, len(items)))
    return [items[place] for place in sorted(chosen)]
