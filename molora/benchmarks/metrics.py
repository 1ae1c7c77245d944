"""What benchmarks measure, computed purely from raw records: nothing here talks to a server or reads a clock."""

import re
import statistics
from collections.abc import Iterable, Sequence

ARTICLES = frozenset({"a", "an", "the"})
NUMBERS = {"none": "0", "zero": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5"} | {
    "six": "6",
    "seven": "7",
    "eight": "8",
    "nine": "9",
    "ten": "10",
}
"""The number words that VQA's evaluation writes as digits."""
_APOSTROPHE = re.compile(r"['\N{RIGHT SINGLE QUOTATION MARK}]|(?<=\d),(?=\d)")
_PUNCTUATION = re.compile(r"[^\w\s.]|_|\.(?!\d)")
_LIST = re.compile(r",(?!\d)")


def normalise(answer: str) -> str:
    """An answer as exact match sees it, by the conventions of VQA's evaluation (Antol et al. 2015).

    Letter case, spaces, punctuation and articles do not count; number words up to ten are digits.
    """
    text = _PUNCTUATION.sub(" ", _APOSTROPHE.sub("", answer.lower()))
    words = [NUMBERS.get(word, word) for word in text.split()]
    return " ".join([word for word in words if word not in ARTICLES] or words)


def split_list(answer: str) -> list[str]:
    """The parts of an answer such as "cup, two books", normalised, those that say nothing left out."""
    return [part for part in map(normalise, _LIST.split(answer)) if part]


def is_right(answer: str, truth: str) -> bool:
    """Exact match; a list may come in any order."""
    return sorted(split_list(answer)) == sorted(split_list(truth))


def share(marks: Iterable[bool]) -> float:
    """The share of true ones; 0 for none at all."""
    listed = list(marks)
    return sum(listed) / len(listed) if listed else 0.0


def percentile(values: Sequence[float], percent: int) -> float:
    """Of at least two values."""
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]
