from pathlib import Path

import pytest

from molora.errors import ConfigError
from molora.router.training.trace_rules import read_rules

RULES = """
rules:
  - where: {metadata.task_type: [click, type], metadata.depth: 1}
    expert: gui
  - where: {metadata.task_type: click}
    expert: web
default: chart
"""


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("metadata", "expert"),
    [
        ({"task_type": "type", "depth": 1}, "gui"),
        ({"task_type": "click", "depth": 2}, "web"),
        ({"task_type": "click", "depth": True}, "web"),
        ({"task_type": "type"}, "chart"),
        ({"task_type": ["click"]}, "chart"),
        (None, "chart"),
        ("click", "chart"),
    ],
)
def test_the_first_rule_that_fits_decides(tmp_path: Path, metadata: object, expert: str):
    rules = read_rules(write(tmp_path / "rules.yaml", RULES))
    assert rules.find_expert({"metadata": metadata}) == expert
    without = rules.model_copy(update={"default": None})
    assert without.find_expert({"metadata": metadata}) == (None if expert == "chart" else expert)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "valid dictionary"),
        ("rules: []", "rules"),
        ("rules: [{where: {a: b}}]", "rules.0.expert"),
        ("rules: [{where: {}, expert: gui}]", "rules.0.where"),
        ("rules: [{where: {a: []}, expert: gui}]", "rules.0.where.a"),
        ("rules: [{where: {a: {b: c}}, expert: gui}]", "rules.0.where.a"),
        ("rules: [{where: {a: b}, expert: base}]", "rules.0.expert"),
        ("rules: [{where: {a: b}, expert: gui, when: now}]", "rules.0.when"),
        ("rules: [{where: {a: b}, expert: gui}]\ndefault: two words", "default"),
        ("rules: [", "cannot be read"),
    ],
)
def test_a_fault_is_named_with_its_file_and_key(tmp_path: Path, text: str, named: str):
    with pytest.raises(ConfigError, match=r"rules\.yaml") as refusal:
        read_rules(write(tmp_path / "rules.yaml", text))
    assert named in refusal.value.message


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(ConfigError, match=r"nowhere\.yaml"):
        read_rules(tmp_path / "nowhere.yaml")
