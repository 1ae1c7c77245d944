"""The questions of one turn: as long, and about pictures as large, as its setting says."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import Any

from molora.benchmarks.load.drive import Query, Turn
from molora.benchmarks.load.plan import num_questions
from molora.benchmarks.load.timing import Load
from molora.benchmarks.messages import ask
from molora.benchmarks.questions import ONE_TYPE, Example, make_examples
from molora.benchmarks.scaling.points import Setting
from molora.benchmarks.scenes import COLOURS, MOODS, SHAPES, TEXTURES

SEED = 83_000_000
AUTO, MANUAL = "auto", "manual"
ARMS = (AUTO, MANUAL)
"""The router chooses; the client names an expert, the k-th with a popularity of 1/k (Zipf's law)."""
NUM_TOKENS = 8
WORDS = (*COLOURS, *SHAPES, *TEXTURES, *MOODS)
Body = dict[str, Any]


def make_turn(url: str, setting: Setting, arm: str, number: int, names: Sequence[str]) -> Turn:
    """`names` of the registered experts. No two turns ask about the same pictures."""
    rng = random.Random(f"{SEED} {setting} {arm} {number}")
    load = Load(concurrency=setting.concurrency)
    examples = make_examples(rng.getrandbits(48), num_questions(load), ONE_TYPE)
    choose = make_chooser(arm, names, rng)
    queries = [Query(make_messages(example, setting, rng), (choose(),)) for example in examples]
    return Turn(arm, url, load, number, queries, NUM_TOKENS)


def make_chooser(arm: str, names: Sequence[str], rng: random.Random) -> Callable[[], Body]:
    """Of the fields that say who answers."""
    if arm == AUTO:
        return lambda: {"model": "auto"}
    weights = list(accumulate(1 / rank for rank in range(1, len(names) + 1)))
    return lambda: {"model": rng.choices(names, cum_weights=weights)[0]}


def make_messages(example: Example, setting: Setting, rng: random.Random) -> list[Body]:
    text = " ".join([*_words(setting.prompt, rng), example.question.text])
    picture = example.scene.render().resize((setting.picture, setting.picture))
    return ask(replace(example, question=replace(example.question, text=text)), picture)


def _words(num: int, rng: random.Random) -> Iterator[str]:
    return (rng.choice(WORDS) for _ in range(num))
