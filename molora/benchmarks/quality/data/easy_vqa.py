"""easy-VQA's test questions, as the package of that name brings them: one coloured shape on a plain ground."""

from pathlib import Path

from molora.benchmarks.quality.item import Item
from molora.errors import ConfigError


def read_items() -> list[Item]:
    """Raises ConfigError where the package is not installed."""
    try:
        from easy_vqa import get_test_image_paths, get_test_questions
    except ImportError:
        raise ConfigError("--data easy-vqa needs its package: pip install easy-vqa") from None
    pictures = get_test_image_paths()
    rows = zip(*get_test_questions(), strict=True)
    return [Item(question, answer, (), Path(pictures[number])) for question, answer, number in rows]
