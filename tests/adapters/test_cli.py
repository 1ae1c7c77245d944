"""`molora adapters build-demo`, as a user starts it."""

import subprocess
import sys
from pathlib import Path

COMMAND = [sys.executable, "-c", "from molora.server.cli import main; main()", "adapters", "build-demo"]


def test_the_command_builds_a_demo_world_and_tells_how_good_it_is(tmp_path: Path) -> None:
    options = ["--scale", "0", "--measured", "1"]
    done = subprocess.run([*COMMAND, str(tmp_path), *options], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    kinds = ["spatial", "quantity", "physical", "social"]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["backbone", *kinds])
    assert all(kind in done.stdout for kind in ["backbone alone", *kinds])


def test_a_folder_that_is_no_backbone_is_refused(tmp_path: Path) -> None:
    (tmp_path / "backbone").mkdir()
    done = subprocess.run([*COMMAND, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "is not a backbone" in done.stderr
