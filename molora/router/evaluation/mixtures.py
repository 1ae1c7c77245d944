"""How often heads' mixtures answer right, as `molora router mixtures` found."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import BaseModel, ValidationError

from molora.errors import ConfigError
from molora.router.training.rows import explain

Rights = Mapping[str, Mapping[str, float]]
"""Share of right answers of a head, by mode and by how many types the questions need."""


class _Study(BaseModel):
    heads: dict[str, dict[str, dict[str, float]]]


def read_mixtures(path: Path, names: Sequence[str]) -> list[Rights]:
    """Of the heads of these names. Raises ConfigError for a file that does not tell of all of them."""
    try:
        heads = _Study.model_validate_json(path.read_bytes()).heads
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except ValidationError as error:
        raise ConfigError(f"{path}: nothing of `molora router mixtures`: {explain(error)}") from None
    missing = [name for name in names if name not in heads]
    if missing:
        raise ConfigError(f"{path}: it tells of {', '.join(heads)}, not of {missing[0]}")
    return [heads[name] for name in names]
