"""What a distilled encoder learns from: a user's texts, and questions made up of single words."""

import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, StringConstraints, ValidationError

from molora.errors import ConfigError
from molora.router.training.rows import explain, read_lines

SHARE_REPLACED = 0.4
PLACE = re.compile(r"\{\}|[^\W\d_]{3,}")
MIN_COUNT = 5
"""Of a pair of words that gets a vector of its own."""
FRAMES = """What is the {}?
Is there a {}?
Is the {} {}?
What {} is the {}?
Where is the {}?
How many {} are there?
Which {} is {}?
What does the {} show?
Does the {} look {}?
Is this {} or {}?
Which {} has the {}?
What is the {} of the {}?
Are there any {} in the {}?
Why is the {} {}?
Who is {} the {}?
What kind of {} is this?
Answers questions about {} and {}.
Reads {} and {}.
{} {}
{}, {} and {}
{} {} {}
Questions on {}, {}, {}.
Was the {} {} the {}?
In which {} is the {} {}?
Can you see the {} near the {}?
Count the {} {}.
Is the {} in the {} {}?""".splitlines()


class _Row(BaseModel):
    question: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


def read_texts(paths: Sequence[Path]) -> list[str]:
    """The questions of files that end in .jsonl, the lines of others. Raises ConfigError."""
    return [text for path in paths for text in _read_file(path)]


def _read_file(path: Path) -> Iterator[str]:
    for where, line in read_lines(path):
        yield _read_row(where, line) if path.suffix == ".jsonl" else line.strip()


def _read_row(where: str, line: str) -> str:
    try:
        return _Row.model_validate_json(line).question
    except ValidationError as error:
        raise ConfigError(f"{where}: {explain(error)}") from None


def make_questions(texts: Sequence[str], words: Sequence[str], num: int, rng: random.Random) -> list[str]:
    """Texts with other words in some places, and frames: they make no sense, and show every word beside others."""
    frames = [FRAMES, texts]
    return [_fill(rng.choice(frames[number % 2]), words, rng) for number in range(num)]


def _fill(text: str, words: Sequence[str], rng: random.Random) -> str:
    def replace(found: re.Match[str]) -> str:
        return rng.choice(words) if found[0].startswith("{") or rng.random() < SHARE_REPLACED else found[0]

    return PLACE.sub(replace, text)


def find_pairs(texts: Sequence[str], num: int) -> list[str]:
    """The commonest pairs of words, in small letters."""
    counts = Counter(f"{a} {b}" for text in texts for a, b in pairwise(text.lower().split()) if (a + b).isalpha())
    return [pair for pair, count in counts.most_common(num) if count >= MIN_COUNT]
