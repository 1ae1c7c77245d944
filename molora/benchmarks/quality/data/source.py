"""A data set as the command line names it."""

from dataclasses import dataclass
from pathlib import Path

from molora.errors import ConfigError

OWN = ("demo", "easy-vqa")
"""They need no file."""
IN_FILES = ("daquar", "vqa-rad")


@dataclass(frozen=True)
class Source:
    """`path` is None for data sets that need no file."""

    name: str
    path: Path | None = None

    @property
    def file(self) -> Path:
        assert self.path is not None
        return self.path


def parse_source(text: str) -> Source:
    """Raises ConfigError for a name that is none, and for a file that is missing or one too many."""
    name, given, path = text.partition("=")
    if name not in OWN + IN_FILES:
        raise ConfigError(f"--data: unknown data set '{name}'; known: {', '.join(OWN + IN_FILES)}")
    if (name in IN_FILES) != bool(path):
        raise ConfigError(f"--data {name} needs a file: {name}=FILE" if not path else f"--data {name} takes no file")
    return Source(name, Path(path) if given else None)
