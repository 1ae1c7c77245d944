"""What README.md and the Makefile say of the repository holds."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
TARGETS = ("setup", "demo", "serve", "test", "check", "bench")


def tree_paths() -> list[str]:
    """Paths of the annotated tree: indented by two spaces a level, a comment after two or more spaces."""
    block = re.search(r"```text tree\n(.*?)```", README, re.DOTALL)
    assert block
    folders: list[str] = []
    paths = []
    for line in block[1].splitlines():
        name = line.strip().split("  ")[0]
        depth = (len(line) - len(line.lstrip())) // 2
        folders = [*folders[:depth], name]
        paths.append("/".join(folder.rstrip("/") for folder in folders))
    return paths


@pytest.mark.parametrize("path", tree_paths())
def test_the_annotated_tree_names_what_exists(path: str) -> None:
    assert (ROOT / path).exists()


def test_the_annotated_tree_names_every_package() -> None:
    packages = {str(p.parent.relative_to(ROOT)) for p in (ROOT / "molora").rglob("__init__.py")}
    assert packages <= set(tree_paths())


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)#:]+)\)", README))))
def test_links_lead_to_files(link: str) -> None:
    assert (ROOT / link).exists()


@pytest.mark.parametrize("config", sorted(set(re.findall(r"configs/[\w.-]+\.yaml", README))))
def test_every_config_named_exists(config: str) -> None:
    assert (ROOT / config).is_file()


@pytest.mark.parametrize("target", TARGETS)
def test_every_promised_target_sets_itself_up(target: str) -> None:
    plan = subprocess.run(
        ["make", "--dry-run", "--always-make", target], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "-m venv .venv" in plan.stdout


@pytest.mark.parametrize("target", sorted(set(re.findall(r"`make (\w+)", README))))
def test_the_readme_promises_no_other_target(target: str) -> None:
    assert target in (*TARGETS, "format")


def test_version_and_licence_are_stated_once_and_agree() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["license"] == "Apache-2.0"
    assert "Apache License" in (ROOT / "LICENSE").read_text()


def test_the_image_is_of_the_vllm_that_the_package_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = re.search(r"vllm==(\d+\.\d+)\.\*", project["optional-dependencies"]["gpu"][0])
    base = re.search(r"^FROM vllm/vllm-openai:v(\d+\.\d+)\.\d+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert asked
    assert base
    assert asked[1] == base[1]
