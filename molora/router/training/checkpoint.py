"""Where a run of training stands, on disk: one that was cut short goes on from there."""

import hashlib
import json
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from molora.errors import ConfigError
from molora.files import replacing


class Checkpoint:
    """One file, of one run: `told` is all that decides how that goes."""

    def __init__(self, path: Path, told: Mapping[str, Any]) -> None:
        self._path = path
        self._run = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()

    def read(self) -> dict[str, Any]:
        """What was written last, nothing where there is no file. Raises ConfigError for one of another run, and for
        what is no checkpoint."""
        if not self._path.exists():
            return {}
        try:
            saved = torch.load(self._path, weights_only=True)
            run, state = saved["run"], dict(saved["state"])
        except (OSError, RuntimeError, EOFError, pickle.UnpicklingError, KeyError, TypeError, ValueError) as error:
            raise ConfigError(f"{self._path}: is no checkpoint: {error}; remove it to start anew") from None
        if run != self._run:
            raise ConfigError(f"{self._path}: it is of other data or of another plan; remove it to start anew")
        return state

    def write(self, state: Mapping[str, Any]) -> None:
        with replacing(self._path) as unfinished:
            torch.save({"run": self._run, "state": dict(state)}, unfinished)

    def remove(self) -> None:
        self._path.unlink(missing_ok=True)
