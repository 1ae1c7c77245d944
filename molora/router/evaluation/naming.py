"""Short names for files that stand side by side in a table."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from molora.errors import ConfigError


def name_files(paths: Sequence[Path]) -> list[str]:
    """Without suffix; those that are alike with their folders' names before them. Raises ConfigError for two that are
    alike even so."""
    alike = Counter(path.stem for path in paths)
    names = [path.stem if alike[path.stem] == 1 else f"{path.resolve().parent.name}/{path.stem}" for path in paths]
    name, num = Counter(names).most_common(1)[0]
    if num > 1:
        raise ConfigError(f"{num} files are called {name}: rename them, or name each once")
    return names
