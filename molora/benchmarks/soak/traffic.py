"""What is asked of a server under soak: an endless seeded mix in which no picture and no question comes twice.

Golden questions alone are repeated.
"""

import random
import sys
from collections.abc import Iterator, Sequence

from molora.benchmarks.messages import ask, picture_url
from molora.benchmarks.questions import ONE_TYPE, TWO_TYPES, Example, make_examples
from molora.benchmarks.scenes import Scene
from molora.benchmarks.soak.asked import FAULTS, WAYS, Asked, Body

SEED = 80_000_000
GOLDEN, BAD = "golden", "bad"
SHARES = {"top1": 34, "top2": 12, "soft": 12, "gates": 8, "expert": 14, "base": 6, GOLDEN: 8, BAD: 6}
"""Per cent of the traffic."""
NUM_GOLDENS = 2 * len(WAYS)
LENGTHS = (1, 8, 8, 32, 96)
"""Tokens of an answer; every other one may end before."""
LEAVING = 0.08
"""Share of the clients that do not wait for the end, which is far."""
LONG: Body = {"max_tokens": LENGTHS[-1], "ignore_eos": True, "temperature": 0}


class Traffic(Iterator[Asked]):
    """The same for the same seed and experts."""

    def __init__(self, experts: Sequence[str], seed: int = SEED) -> None:
        self._experts, self._rng, self._num = list(experts), random.Random(seed), 0
        self._examples = make_examples(seed, sys.maxsize, [*ONE_TYPE, *TWO_TYPES])
        self.goldens = make_goldens(self._experts, seed - 1)

    def __next__(self) -> Asked:
        self._num += 1
        [kind] = self._rng.choices(list(SHARES), list(SHARES.values()))
        if kind == GOLDEN:
            return self._golden()
        return self._bad() if kind == BAD else self._new(kind)

    def _golden(self) -> Asked:
        golden = self._rng.choice(self.goldens)
        return Asked(GOLDEN, golden.body | self._manner(), golden=golden.golden)

    def _bad(self) -> Asked:
        status, fault = self._rng.choice(FAULTS)
        body = {"model": "base", "messages": ask(next(self._examples))} | self._manner()
        return Asked(BAD, body | fault, status=status)

    def _new(self, kind: str) -> Asked:
        example = next(self._examples)
        num = self._rng.choices((0, 1, 2), (20, 70, 10))[0]
        body = WAYS[kind](example, self._experts) | {"messages": self._messages(example, num)} | self._manner()
        if self._rng.random() < LEAVING:
            return Asked(kind, body | LONG, num, stays_s=self._rng.uniform(0.0, 0.5))
        return Asked(kind, body | self._length(), num)

    def _messages(self, example: Example, num_pictures: int) -> list[Body]:
        """Turns about nothing that is shown, then the question, numbered: it is none that was asked before."""
        [question] = ask(example)
        picture, text = question["content"]
        text = {"type": "text", "text": f"Question {self._num}. {text['text']}"}
        others = [_picture(Scene.draw(self._rng)) for _ in range(num_pictures - 1)]
        pictures = [picture, *others][:num_pictures]
        return [*self._turns(), question | {"content": [*pictures, text]}]

    def _turns(self) -> list[Body]:
        asked = [next(self._examples).question for _ in range(self._rng.choice((0, 0, 0, 1, 5)))]
        turns = [(("user", one.text), ("assistant", one.answer)) for one in asked]
        return [{"role": role, "content": said} for turn in turns for role, said in turn]

    def _length(self) -> Body:
        return {"max_tokens": self._rng.choice(LENGTHS), "ignore_eos": self._rng.random() < 0.5, "temperature": 0}

    def _manner(self) -> Body:
        streams = self._rng.random() < 0.6
        return {"stream": True, "stream_options": {"include_usage": True}} if streams else {}


def make_goldens(experts: Sequence[str], seed: int) -> list[Asked]:
    """Two of each way of asking."""
    examples = make_examples(seed, NUM_GOLDENS, ONE_TYPE)
    ways = [(f"{kind} {number}", way) for number in (1, 2) for kind, way in WAYS.items()]
    return [_golden(name, way(one, experts), one) for (name, way), one in zip(ways, examples, strict=True)]


def _golden(name: str, who: Body, example: Example) -> Asked:
    return Asked(GOLDEN, who | {"messages": ask(example), "max_tokens": 8, "temperature": 0}, golden=name)


def _picture(scene: Scene) -> Body:
    return {"type": "image_url", "image_url": {"url": picture_url(scene.render())}}
