"""Whose an agent's trace is, by rules in YAML, of which the first that fits decides:

rules:
  - where: {metadata.task_type: [click, type]}
    expert: gui
default: null
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BeforeValidator, Field, StrictBool, StrictFloat, StrictInt, StrictStr, ValidationError

from molora.config import Section
from molora.errors import ConfigError
from molora.router.training.rows import Name, explain

Scalar = StrictStr | StrictBool | StrictInt | StrictFloat


def _as_list(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


class Rule(Section):
    """It fits where each key, a path with dots, has one of its values."""

    where: dict[str, Annotated[list[Scalar], BeforeValidator(_as_list), Field(min_length=1)]] = Field(min_length=1)
    expert: Name

    def fits(self, trace: Mapping[str, Any]) -> bool:
        return all(_is_one_of(_look_up(trace, key), values) for key, values in self.where.items())


class Rules(Section):
    """`default` gets what no rule fits; None leaves it out."""

    rules: tuple[Rule, ...] = Field(min_length=1)
    default: Name | None = None

    def find_expert(self, trace: Mapping[str, Any]) -> str | None:
        return next((rule.expert for rule in self.rules if rule.fits(trace)), self.default)


def read_rules(path: Path) -> Rules:
    """Raises ConfigError that names the key."""
    try:
        return Rules.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{path}: cannot be read: {' '.join(str(error).split())}") from None
    except ValidationError as error:
        raise ConfigError(f"{path}: {explain(error)}") from None


def _look_up(trace: Any, key: str) -> Any:
    """The value at a path with dots; None where there is none."""
    for part in key.split("."):
        trace = trace.get(part) if isinstance(trace, dict) else None
    return trace


def _is_one_of(value: Any, wanted: list[Scalar]) -> bool:
    """1 and true are two things here, unlike in Python."""
    return any(type(value) is type(one) and value == one for one in wanted)
