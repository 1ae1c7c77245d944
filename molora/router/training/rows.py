"""Files of labelled questions: JSON lines of a question, its picture if any, and the experts it belongs to.

{"question": "Is she happy?", "image": "photos/1.jpg", "expert": "social"}, or instead of one "expert" the "experts",
["social", "quantity"] or {"social": 0.7, "quantity": 0.3}, or a "reasoning_type" such as "Spatial Reasoning.". Where
"expert" is null, nobody knew: the row is left out. Paths of pictures are relative to the file.
"""

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from molora.benchmarks.questions import KINDS
from molora.config import RESERVED, ExpertName
from molora.errors import ConfigError
from molora.router.query import Query
from molora.router.training.data import Sample

logger = logging.getLogger(__name__)

LABELS = ("expert", "experts", "reasoning_type")


def _check_name(name: str) -> str:
    if name in RESERVED:
        raise ValueError(f"'{name}' is a reserved name")
    return name


def _as_weights(experts: Any) -> Any:
    return dict.fromkeys(experts, 1.0) if isinstance(experts, list) else experts


Name = Annotated[ExpertName, AfterValidator(_check_name)]
Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Weights = Annotated[dict[Name, Weight], BeforeValidator(_as_weights)]


class BadRows:
    """Rows that cannot be used are named in the log and skipped; one more than `max_num` of them ends the reading."""

    def __init__(self, max_num: int) -> None:
        self.num, self._max_num = 0, max_num

    def skip(self, where: str, reason: str) -> None:
        self.num += 1
        if self.num > self._max_num:
            raise ConfigError(f"{where}: {reason}; that makes {self.num} bad rows, and {self._max_num} may be skipped")
        logger.warning("%s: skipped: %s", where, reason)


class _Row(BaseModel):
    """Other keys are none of the router's business."""

    question: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
    image: str | None = None
    expert: Name | None = None
    experts: Weights | None = None
    reasoning_type: str | None = None

    @model_validator(mode="after")
    def _check_label(self) -> Self:
        given = [key for key in LABELS if getattr(self, key) is not None]
        if not given and "expert" in self.model_fields_set:
            return self
        if len(given) != 1:
            raise ValueError(f"it needs one of {', '.join(LABELS)}; it has {' and '.join(given) or 'none'}")
        if not any(self.weights.values()):
            raise ValueError("experts: none of them has a weight")
        return self

    @property
    def weights(self) -> Mapping[str, float]:
        """By expert, of any sum, none if nobody knew; a reasoning type is told by its first word."""
        if self.experts is not None:
            return self.experts
        if self.reasoning_type is not None:
            return {self.reasoning_type.strip(" .").partition(" ")[0].lower(): 1.0}
        return {} if self.expert is None else {self.expert: 1.0}


def read_samples(paths: Sequence[Path], experts: Sequence[str], bad: BadRows, *, looks: bool) -> list[Sample]:
    """Of all files; `looks` has every picture opened, to see that it can be.

    Raises ConfigError for an expert that is none of `experts`, where those are given, and where `bad` does.
    """
    return [sample for path in paths for sample in _read_file(path, experts, bad, looks=looks)]


def _read_file(path: Path, experts: Sequence[str], bad: BadRows, *, looks: bool) -> Iterator[Sample]:
    for where, line in read_lines(path):
        try:
            row = _Row.model_validate_json(line)
        except ValidationError as error:
            bad.skip(where, explain(error))
            continue
        _check_experts(row, experts, where)
        sample = _make_sample(row, path)
        if sample.targets and (not looks or _can_be_seen(sample, where, bad)):
            yield sample


def _can_be_seen(sample: Sample, where: str, bad: BadRows) -> bool:
    try:
        sample.load()
    except ConfigError as error:
        bad.skip(where, error.message)
        return False
    return True


def _check_experts(row: _Row, experts: Sequence[str], where: str) -> None:
    known = experts or (KINDS if row.reasoning_type is not None else row.weights)
    unknown = [name for name in row.weights if name not in known]
    if unknown:
        raise ConfigError(f"{where}: unknown expert '{unknown[0]}'; known: {', '.join(known)}")


def _make_sample(row: _Row, path: Path) -> Sample:
    weights = {name: weight for name, weight in row.weights.items() if weight}
    picture = None if row.image is None else find_beside(path, row.image)
    total = sum(weights.values())
    return Sample(Query(row.question), {name: weight / total for name, weight in weights.items()}, picture)


def find_beside(path: Path, image: str) -> Path:
    """A picture that a row of this file names."""
    return Path(os.path.normpath(path.parent / image))


def read_lines(path: Path) -> Iterator[tuple[str, str]]:
    """Lines that are not blank, each with its place. Raises ConfigError for a file that cannot be read."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            yield from ((f"{path}:{number}", line) for number, line in enumerate(file, 1) if line.strip())
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None


def explain(error: ValidationError) -> str:
    """Its first fault, and where in the value that is."""
    fault = error.errors(include_url=False)[0]
    key = ".".join(map(str, fault["loc"]))
    message = fault["msg"].removeprefix("Value error, ")
    return f"{key}: {message}" if key else message
