"""Finds the results that a command is to read: files, or folders of them."""

from collections.abc import Sequence
from pathlib import Path

from molora.benchmarks.results import Result, read_result
from molora.errors import ConfigError


def read_results(paths: Sequence[Path]) -> list[Result]:
    """In the order given, those of a folder by name. Raises ConfigError for what holds no result."""
    return [read_result(file) for path in paths for file in _files(path)]


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = sorted(path.glob("*.json"))
    if not found:
        raise ConfigError(f"{path} holds no result of a benchmark: no *.json in it")
    return found
