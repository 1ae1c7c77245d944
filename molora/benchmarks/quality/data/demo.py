"""Scenes of the demo world, drawn for this and never trained on."""

from molora.benchmarks.messages import picture_url
from molora.benchmarks.quality.item import Item
from molora.benchmarks.questions import ONE_TYPE, TWO_TYPES, Example, make_examples


def draw_items(num: int, seed: int) -> list[Item]:
    """`num` questions of one type each, the types taking turns, then a quarter as many that need two."""
    examples = [*make_examples(seed, num, ONE_TYPE), *make_examples(seed + 1, num // 4, TWO_TYPES)]
    return list(map(_as_item, examples))


def _as_item(example: Example) -> Item:
    question = example.question
    return Item(question.text, question.answer, question.kinds, picture_url(example.scene.render()))
