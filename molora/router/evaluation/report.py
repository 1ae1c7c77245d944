"""What `molora router evaluate` leaves in a folder: report.json and pictures; of several heads, a folder for each."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from molora.errors import ConfigError
from molora.files import replacing
from molora.router.evaluation.heads import Measured


def prepare(folder: Path) -> None:
    """Before the work is done. Raises ConfigError for a folder that cannot be made, and for want of matplotlib."""
    try:
        import matplotlib as mpl  # noqa: F401

        folder.mkdir(parents=True, exist_ok=True)
    except ImportError:
        raise ConfigError("--output: pictures need matplotlib: pip install 'molora[bench]'") from None
    except OSError as error:
        raise ConfigError(f"--output: {folder}: {error.strerror}") from None


def write_report(measured: Sequence[Measured], answers: Mapping[str, Any] | None, folder: Path) -> None:
    from molora.router.evaluation.plots import plot_all

    for one in measured:
        place = folder / one.name if len(measured) > 1 else folder
        place.mkdir(parents=True, exist_ok=True)
        plot_all(one.evaluation, place)
    report = {"heads": [one.to_dict() for one in measured], "answers": answers}
    with replacing(folder / "report.json") as unfinished:
        unfinished.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
